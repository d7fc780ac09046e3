namespace Swarm.Storage.Blobs;

/// <summary>A fault of the store: it cannot be reached, is throttled, full, or refuses the credential.</summary>
/// <param name="message">What failed, on which object, and what to look at.</param>
/// <param name="isTransient">Whether the same request may succeed later.</param>
/// <param name="innerException">The cause.</param>
/// <param name="isOfOneObject">Whether it says something of that object alone, and nothing of the store.</param>
public sealed class BlobStoreException(string message, bool isTransient, Exception? innerException = null, bool isOfOneObject = false)
    : Exception(message, innerException)
{
    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>Whether it says something of one object alone, as of one that is damaged, and nothing of the store.</summary>
    public bool IsOfOneObject { get; } = isOfOneObject;
}
