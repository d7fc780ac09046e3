using System.Runtime.InteropServices;

namespace Swarm.Storage.Files;

/// <summary>The fields of <c>struct statx</c> that are used; its layout is the same on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStat
{
    [FieldOffset(16)]
    private readonly uint _links;

    [FieldOffset(32)]
    private readonly ulong _inode;

    [FieldOffset(40)]
    private readonly ulong _size;

    [FieldOffset(80)]
    private readonly long _birthSeconds;

    [FieldOffset(88)]
    private readonly uint _birthNanoseconds;

    /// <summary>Size, in bytes.</summary>
    public readonly long Size => (long)_size;

    /// <summary>Names that the file has.</summary>
    public readonly uint Links => _links;

    /// <summary>Tells a file or directory from every other one of its file system, also from one in its place later.</summary>
    public readonly FileIdentity Identity => new(_inode, _birthSeconds, _birthNanoseconds);
}
