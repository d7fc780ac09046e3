using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Swarm.Core.Contexts;

namespace Swarm.Storage.Blobs;

/// <summary>A store whose operations are measured and traced, and that remembers whether writes fail, whoever makes them.</summary>
/// <remarks>
/// Writes count as failing from the first fault until one succeeds that is as large as the largest that failed: on a full
/// volume there may be room for a root and none for a segment. A refused write says nothing, nor does one that finds a
/// damaged object in its way. One without an answer for <see cref="AnswerLimit"/> counts as failing while it lasts.
/// </remarks>
public sealed class WatchedBlobStore : IBlobStore, IFileBackedBlobStore, IDisposable
{
    /// <summary>A write of this size tells as much as a larger one, in bytes.</summary>
    public const long EnoughBytes = 16 << 20;

    private readonly IBlobStore _inner;
    private readonly TimeProvider _time;
    private readonly StorageMetrics _metrics;
    private readonly Lock _lock = new();
    private readonly SortedSet<(long Started, long Order)> _pending = [];
    private long _order;
    private long _since;
    private long _faults;
    private long _largest;
    private string? _lastFault;

    /// <summary>Watches a store.</summary>
    /// <param name="inner">The store. Not disposed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="meters">The host's meters; <see langword="null"/> for one of its own, which ends with this.</param>
    public WatchedBlobStore(IBlobStore inner, TimeProvider time, IMeterFactory? meters = null) =>
        (_inner, _time, _metrics) = (inner, time, new StorageMetrics(meters));

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
                    return new WriteFailure(_time.GetElapsedTime(_since), _faults, _largest, _lastFault);
                }

                var waiting = _pending.Count == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_pending.Min.Started);
                return waiting <= AnswerLimit ? null : new WriteFailure(
                    waiting, 0, 0, string.Create(CultureInfo.InvariantCulture, $"A write has had no answer for {waiting.TotalSeconds:0} s."));
            }
        }
    }

    /// <inheritdoc/>
    public Task<BlobWrite> CreateAsync(string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken) => MeasureAsync(
        "create", name, () => WatchAsync(content.Length, () => _inner.CreateAsync(name, content, cancellationToken)), OutcomeOf);

    /// <inheritdoc/>
    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken) => MeasureAsync(
            "replace", name, () => WatchAsync(content.Length, () => _inner.ReplaceAsync(name, content, expected, cancellationToken)), OutcomeOf);

    /// <inheritdoc/>
    public Task<BlobRead> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellationToken) => MeasureAsync(
        "read", name, () => _inner.ReadAsync(name, offset, destination, cancellationToken), static read => read.IsMissing ? "missing" : "ok");

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        using var activity = StartSpan("list", prefix);
        var items = _inner.ListAsync(prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (items.ConfigureAwait(false))
        {
            while (true)
            {
                try
                {
                    if (!await items.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                }
                catch (Exception fault)
                {
                    Note("list", started, activity, "failed", fault);
                    throw;
                }

                yield return items.Current;
            }
        }

        Note("list", started, activity, "ok", null);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken) => MeasureAsync(
        "delete", name, () => _inner.DeleteAsync(name, cancellationToken), static isDone => isDone ? "ok" : "missing");

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken) => MeasureAsync(
        "delete", name, () => _inner.DeleteAsync(name, expected, cancellationToken), static isDone => isDone ? "ok" : "refused");

    /// <inheritdoc/>
    Task<KvFile?> IFileBackedBlobStore.TryOpenAsync(string name, long offset, int length) => _inner is IFileBackedBlobStore files
        ? MeasureAsync("read", name, () => files.TryOpenAsync(name, offset, length), static file => file is null ? "missing" : "ok")
        : Task.FromResult<KvFile?>(null);

    /// <summary>Ends what measures, not the store.</summary>
    public void Dispose() => _metrics.Dispose();

    private static string OutcomeOf(BlobWrite write) => write.IsRefused ? "refused" : "ok";

    private static Activity? StartSpan(string operation, string name) =>
        StorageTrace.Start($"swarm.store.{operation}", ActivityKind.Client)?.SetTag("swarm.store.object", name);

    private Task<T> MeasureAsync<T>(string operation, string name, Func<Task<T>> call, Func<T, string> outcomeOf) =>
        _metrics.OperationDuration.Enabled || StorageTrace.IsWanted ? MeasureCoreAsync(operation, name, call, outcomeOf) : call();

    private async Task<T> MeasureCoreAsync<T>(string operation, string name, Func<Task<T>> call, Func<T, string> outcomeOf)
    {
        var started = _time.GetTimestamp();
        using var activity = StartSpan(operation, name);
        try
        {
            var result = await call().ConfigureAwait(false);
            Note(operation, started, activity, outcomeOf(result), null);
            return result;
        }
        catch (Exception fault)
        {
            Note(operation, started, activity, "failed", fault);
            throw;
        }
    }

    private void Note(string operation, long started, Activity? activity, string outcome, Exception? fault)
    {
        var tags = new TagList { { StorageMetrics.OperationKey, operation }, { StorageMetrics.OutcomeKey, outcome } };
        activity?.SetTag(StorageMetrics.OperationKey, operation).SetTag(StorageMetrics.OutcomeKey, outcome);
        if (fault is not null)
        {
            var error = fault switch
            {
                BlobStoreException { IsTransient: true } => "transient",
                BlobStoreException => "permanent",
                OperationCanceledException => "canceled",
                _ => fault.GetType().FullName,
            };
            tags.Add(StorageMetrics.ErrorKey, error);
            activity?.SetTag(StorageMetrics.ErrorKey, error).SetStatus(ActivityStatusCode.Error, fault.Message);
        }

        _metrics.OperationDuration.Record(_time.GetElapsedTime(started).TotalSeconds, tags);
    }

    private async Task<BlobWrite> WatchAsync(long bytes, Func<Task<BlobWrite>> send)
    {
        (long Started, long Order) pending;
        lock (_lock)
        {
            pending = (_time.GetTimestamp(), ++_order);
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

        _metrics.WritesFailing.Record(0);
    }

    private void Failed(long bytes, string fault)
    {
        TimeSpan duration;
        lock (_lock)
        {
            if (_lastFault is null)
            {
                _since = _time.GetTimestamp();
            }

            _lastFault = fault;
            _faults++;
            _largest = Math.Max(_largest, bytes);
            duration = _time.GetElapsedTime(_since);
        }

        _metrics.WriteFaults.Add(1);
        _metrics.WritesFailing.Record(duration.TotalSeconds);
    }
}

/// <summary>What is known of writes that fail.</summary>
/// <param name="Duration">Since the first that failed, or since the oldest that has no answer was sent.</param>
/// <param name="Faults">Writes that failed since then.</param>
/// <param name="Bytes">Size of the largest that failed, in bytes: writes work again when one as large does.</param>
/// <param name="LastFault">The last fault.</param>
public sealed record WriteFailure(TimeSpan Duration, long Faults, long Bytes, string LastFault);
