namespace Swarm.Storage.Files;

/// <summary>Identity of a file within its file system. An inode number may be used again, so the birth time belongs to it.</summary>
/// <param name="Inode">Inode number.</param>
/// <param name="BirthSeconds">When it was made, in seconds.</param>
/// <param name="BirthNanoseconds">And the fraction.</param>
internal readonly record struct FileIdentity(ulong Inode, long BirthSeconds, uint BirthNanoseconds);
