namespace Swarm.Storage.Blobs;

/// <summary>Outcome of a read.</summary>
/// <param name="Count">Bytes put into the destination.</param>
/// <param name="Length">Length of the whole object.</param>
/// <param name="ETag">Its ETag; <see langword="null"/> when there is no such object.</param>
public readonly record struct BlobRead(int Count, long Length, string? ETag)
{
    /// <summary>Whether there is no such object.</summary>
    public bool IsMissing => ETag is null;
}
