using System.Runtime.InteropServices;

namespace Swarm.LlamaCpp.Native;

/// <summary>Memory outside of the garbage collector's, which grows and keeps nothing when it does.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>First byte; changes with <see cref="Reserve"/>.</summary>
    public byte* Start { get; private set; }

    /// <summary>Bytes there are.</summary>
    public long Capacity { get; private set; }

    /// <summary>Makes room.</summary>
    /// <param name="bytes">Bytes that are needed.</param>
    public void Reserve(long bytes)
    {
        if (bytes > Capacity)
        {
            Dispose();
            Start = (byte*)NativeMemory.Alloc((nuint)bytes);
            Capacity = bytes;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(Start);
        Start = null;
        Capacity = 0;
    }
}
