using Swarm.Core.Contexts;

namespace Swarm.Storage.Blobs;

/// <summary>A store whose objects are files of this machine, or may be.</summary>
internal interface IFileBackedBlobStore
{
    /// <summary>Opens the file of an object, for sending a range of it from there.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="offset">First byte of the range.</param>
    /// <param name="length">Its bytes.</param>
    /// <returns>
    /// The file, which has the range; <see langword="null"/> where there is none, or anything is wrong with it: what that is,
    /// <see cref="IBlobStore.ReadAsync"/> says. The caller disposes it.
    /// </returns>
    Task<KvFile?> TryOpenAsync(string name, long offset, int length);
}
