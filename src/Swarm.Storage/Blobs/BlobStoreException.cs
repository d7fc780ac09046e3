namespace Swarm.Storage.Blobs;

/// <summary>A fault of the store: it cannot be reached, is throttled, full, or refuses the credential.</summary>
/// <param name="message">What failed, on which object, and what to look at.</param>
/// <param name="isTransient">Whether the same request may succeed later.</param>
/// <param name="innerException">The cause.</param>
public sealed class BlobStoreException(string message, bool isTransient, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient { get; } = isTransient;
}
