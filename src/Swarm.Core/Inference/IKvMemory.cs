namespace Swarm;

/// <summary>A KV cache in this process's memory, which KV can be received into in place: what <see cref="IKvRuntime.WriteKv"/> does, without a copy.</summary>
/// <remarks>
/// <para>
/// A runtime offers it beside <see cref="IKvRuntime"/>. Its calls may come from another thread than, and at the same time as,
/// <see cref="IKvRuntime.WriteKv"/> and <see cref="IKvRuntime.CommitImported"/>, for other positions; not at the same time as
/// <see cref="IKvRuntime.Forward"/> and <see cref="IKvRuntime.Truncate"/>, before which all that was being written must have ended.
/// </para>
/// <para>What is written counts once it was marked, and is visible after <see cref="IKvRuntime.CommitImported"/>.</para>
/// </remarks>
public interface IKvMemory
{
    /// <summary>Memory of rows, to be written.</summary>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="layer">Layer, by its place in the group.</param>
    /// <param name="firstPosition">First position, at or behind the runtime's length.</param>
    /// <param name="count">Positions, at least 1.</param>
    /// <returns>
    /// [position][row] of as many of these positions, at least the first, as lie in one piece. It is the runtime's, and valid until
    /// its next step, truncation or disposal.
    /// </returns>
    /// <exception cref="InvalidOperationException">The cache has no room for them; nothing was changed.</exception>
    /// <exception cref="ArgumentException">There are no such rows, or they are in use.</exception>
    Memory<byte> GetRows(int group, int stream, int layer, int firstPosition, int count);

    /// <summary>Says that all layers of a stream of some positions were written, and are right.</summary>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions.</param>
    void MarkWritten(int group, int stream, int firstPosition, int count);
}
