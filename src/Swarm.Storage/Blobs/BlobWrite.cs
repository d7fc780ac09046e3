namespace Swarm.Storage.Blobs;

/// <summary>Outcome of a conditional write.</summary>
/// <param name="ETag">The object's new ETag; <see langword="null"/> when the write was refused.</param>
public readonly record struct BlobWrite(string? ETag)
{
    /// <summary>Whether the condition did not hold: nothing was changed by this request.</summary>
    public bool IsRefused => ETag is null;
}
