using System.Buffers;
using System.Globalization;

namespace Swarm.Storage.Blobs;

/// <summary>A store that remembers whether writes fail, whoever makes them.</summary>
/// <remarks>
/// Writes count as failing from the first fault until one succeeds that is as large as the largest that failed: on a full
/// volume there may be room for a root and none for a segment. A refused write says nothing, nor does one that finds a
/// damaged object in its way. One without an answer for <see cref="AnswerLimit"/> counts as failing while it lasts.
/// </remarks>
/// <param name="inner">The store. Not disposed.</param>
/// <param name="time">The clock.</param>
public sealed class WatchedBlobStore(IBlobStore inner, TimeProvider time) : IBlobStore
{
    /// <summary>A write of this size tells as much as a larger one, in bytes.</summary>
    public const long EnoughBytes = 16 << 20;

    private readonly Lock _lock = new();
    private readonly SortedSet<(long Started, long Order)> _pending = [];
    private long _order;
    private long _since;
    private long _faults;
    private long _largest;
    private string? _lastFault;

    /// <summary>How long a write may go without an answer.</summary>
    public static TimeSpan AnswerLimit => TimeSpan.FromSeconds(30);

    /// <summary>What is known of writes that fail; <see langword="null"/> when all is well.</summary>
    public WriteFailure? Failure
    {
        get
        {
            lock (_lock)
            {
                if (_lastFault is not null)
                {
                    return new WriteFailure(time.GetElapsedTime(_since), _faults, _largest, _lastFault);
                }

                var waiting = _pending.Count == 0 ? TimeSpan.Zero : time.GetElapsedTime(_pending.Min.Started);
                return waiting <= AnswerLimit ? null : new WriteFailure(
                    waiting, 0, 0, string.Create(CultureInfo.InvariantCulture, $"A write has had no answer for {waiting.TotalSeconds:0} s."));
            }
        }
    }

    /// <inheritdoc/>
    public Task<BlobWrite> CreateAsync(
        string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken) =>
        WatchAsync(content.Length, () => inner.CreateAsync(name, content, cancellationToken));

    /// <inheritdoc/>
    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken) =>
        WatchAsync(content.Length, () => inner.ReplaceAsync(name, content, expected, cancellationToken));

    /// <inheritdoc/>
    public Task<BlobRead> ReadAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        inner.ReadAsync(name, offset, destination, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken) =>
        inner.DeleteAsync(name, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken) =>
        inner.DeleteAsync(name, expected, cancellationToken);

    private async Task<BlobWrite> WatchAsync(long bytes, Func<Task<BlobWrite>> send)
    {
        (long Started, long Order) pending;
        lock (_lock)
        {
            pending = (time.GetTimestamp(), ++_order);
            _pending.Add(pending);
        }

        try
        {
            var write = await send().ConfigureAwait(false);
            if (!write.IsRefused)
            {
                Succeeded(bytes);
            }

            return write;
        }
        catch (BlobStoreException fault) when (!fault.IsOfOneObject)
        {
            Failed(bytes, fault.Message);
            throw;
        }
        finally
        {
            lock (_lock)
            {
                _pending.Remove(pending);
            }
        }
    }

    private void Succeeded(long bytes)
    {
        lock (_lock)
        {
            if (_lastFault is null || bytes < Math.Min(_largest, EnoughBytes))
            {
                return;
            }

            (_lastFault, _faults, _largest) = (null, 0, 0);
        }

        StorageMetrics.WritesFailing.Record(0);
    }

    private void Failed(long bytes, string fault)
    {
        TimeSpan duration;
        lock (_lock)
        {
            if (_lastFault is null)
            {
                _since = time.GetTimestamp();
            }

            _lastFault = fault;
            _faults++;
            _largest = Math.Max(_largest, bytes);
            duration = time.GetElapsedTime(_since);
        }

        StorageMetrics.WriteFaults.Add(1);
        StorageMetrics.WritesFailing.Record(duration.TotalSeconds);
    }
}
