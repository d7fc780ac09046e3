using System.Buffers;

namespace Swarm.Storage.Blobs;

/// <summary>The strongly consistent operations that everything rests on.</summary>
/// <remarks>
/// <para>
/// Names are 1 to 512 characters of [a-z0-9/._-], parts of up to 200 characters separated by single slashes, none empty,
/// "." or ".." (<see cref="BlobNameRules"/>). Thread-safe.
/// Expected outcomes are results; every method throws <see cref="BlobStoreException"/> for faults, and
/// <see cref="ArgumentException"/> for a bad name.
/// </para>
/// <para>
/// An operation that threw, or was cancelled, may have taken effect, and may still do so later. An implementation must
/// not turn its own retried success into <see cref="BlobWrite.IsRefused"/> silently: callers compare nonces.
/// </para>
/// </remarks>
public interface IBlobStore
{
    /// <summary>Creates an object, whole or not at all, if none of that name exists. Durable when it returns.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="content">Its bytes; not changed by the caller until the task ends.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The new ETag, or refused because it exists.</returns>
    Task<BlobWrite> CreateAsync(string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken);

    /// <summary>Replaces an object, whole or not at all, if its ETag is still the expected one. Durable when it returns.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="content">Its new bytes.</param>
    /// <param name="expected">ETag from a read or write of it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The new ETag, never used before; or refused because it is another, or the object is gone.</returns>
    Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken);

    /// <summary>Reads a range.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="offset">First byte, 0 or more.</param>
    /// <param name="destination">Filled as far as the object reaches.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>How much was read, the whole length and the ETag; or missing.</returns>
    Task<BlobRead> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellationToken);

    /// <summary>Lists names with a prefix, in ordinal order, with their lengths.</summary>
    /// <param name="prefix">Empty for all.</param>
    /// <param name="cancellationToken">Stops listing.</param>
    /// <returns>
    /// Every object that existed during the whole listing; one created or deleted meanwhile may be there or not.
    /// </returns>
    IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Deletes an object.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Whether it existed.</returns>
    Task<bool> DeleteAsync(string name, CancellationToken cancellationToken);

    /// <summary>Deletes an object if nobody has replaced it.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="expected">ETag that the object must have.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Whether this deleted it; otherwise it has another ETag, or is not there.</returns>
    Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken);
}

/// <summary>One object of a listing.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its length, in bytes.</param>
public readonly record struct BlobItem(string Name, long Length);

/// <summary>Outcome of a read.</summary>
/// <param name="Count">Bytes put into the destination.</param>
/// <param name="Length">Length of the whole object.</param>
/// <param name="ETag">Its ETag; <see langword="null"/> when there is no such object.</param>
public readonly record struct BlobRead(int Count, long Length, string? ETag)
{
    /// <summary>Whether there is no such object.</summary>
    public bool IsMissing => ETag is null;
}

/// <summary>Outcome of a conditional write.</summary>
/// <param name="ETag">The object's new ETag; <see langword="null"/> when the write was refused.</param>
public readonly record struct BlobWrite(string? ETag)
{
    /// <summary>Whether the condition did not hold: nothing was changed by this request.</summary>
    public bool IsRefused => ETag is null;
}

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
