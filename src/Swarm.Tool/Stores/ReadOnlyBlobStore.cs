using System.Buffers;
using System.ComponentModel;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;

namespace Swarm.Tool.Stores;

/// <summary>A store that can be looked at and not changed: the command is safe beside a running cluster.</summary>
/// <param name="inner">The store. Not disposed.</param>
internal sealed class ReadOnlyBlobStore(IBlobStore inner) : IBlobStore
{
    private const int InputOutputError = 5; // EIO.

    /// <summary>Refused.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public Task<BlobWrite> CreateAsync(
        string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken) => throw Refusal("create", name);

    /// <summary>Refused.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken) =>
        throw Refusal("replace", name);

    /// <summary>Refused.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken) => throw Refusal("delete", name);

    /// <summary>Refused.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken) => throw Refusal("delete", name);

    /// <inheritdoc/>
    /// <exception cref="CorruptObjectException">The store itself says that this one object is damaged.</exception>
    public async Task<BlobRead> ReadAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            return await inner.ReadAsync(name, offset, destination, cancellationToken);
        }
        catch (BlobStoreException fault) when (IsDamage(fault))
        {
            throw new CorruptObjectException($"{name}: {fault.Message}");
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken);

    /// <summary>Whether a fault is of one object's bytes: a folder's file that is cut, or that the device cannot read.</summary>
    private static bool IsDamage(BlobStoreException fault) => !fault.IsTransient && fault.InnerException switch
    {
        null => true,
        Win32Exception native => native.NativeErrorCode == InputOutputError,
        IOException io => io.HResult == InputOutputError,
        _ => false,
    };

    private static NotSupportedException Refusal(string action, string name) =>
        new($"This command never changes a store: it must not {action} '{name}'.");
}
