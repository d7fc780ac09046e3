using System.Buffers;
using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Storage.Identity;
using Swarm.Storage.Manifests;
using Swarm.Storage.Scheduling;

namespace Swarm.Storage.Log;

/// <summary>A running store's log: group commit, pipelined puts, acknowledgement in order (protocol, rules 1 to 5).</summary>
/// <remarks>Lives on the store's loop. Its id is fresh and never used again, whatever becomes of it.</remarks>
internal sealed class LogWriter
{
    private const int RetireTries = 3;
    private const string SealedByAnother = "its log was sealed by another silo";

    private readonly IBlobStore _store;
    private readonly ContextStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly IIdSource _ids;
    private readonly ILogger _logger;
    private readonly StorageMetrics _metrics;
    private readonly SegmentReader _segments;
    private readonly ProtocolRules _rules;
    private readonly Action<LogWriter, string> _lost;
    private readonly LogIndexer _indexer;
    private readonly LogProof _proof;
    private readonly Dictionary<ulong, (List<Pending> Records, ReadOnlyMemory<byte> Head, long? Began)> _waiting = [];
    private readonly Dictionary<ulong, bool> _written = [];
    private List<LogEntry> _buffer = [];
    private List<LogProof.Written> _unproven = [];
    private LogEntry? _last;
    private long _bufferBytes;
    private long _undurableBytes;
    private int _inFlight;
    private bool _isScheduled;
    private bool _isDue;
    private bool _isProving;

    public LogWriter(
        IBlobStore store,
        ContextStoreOptions options,
        TimeProvider time,
        IIdSource ids,
        ILogger logger,
        StorageMetrics metrics,
        SegmentReader segments,
        StoreGuard guard,
        ProtocolRules rules,
        Action<LogWriter, string> lost)
    {
        _store = store;
        _options = options;
        _time = time;
        _ids = ids;
        _logger = logger;
        _metrics = metrics;
        _segments = segments;
        _rules = rules;
        _lost = lost;
        Id = ids.NextWriter();
        _indexer = new LogIndexer(store, options, time, logger, metrics, Id);

        // A reader of its own: a proof begins anew after a fault of its reads, not after one of anybody's.
        var reader = new RetryingReader(store, time, metrics);
        _proof = new LogProof(Id, reader, segments, new RootStore(store, reader, time, logger, metrics), guard, rules.SameStore);
    }

    private readonly record struct Pending(LogEntry Entry, LogRecord Durable);

    /// <summary>The writer's id.</summary>
    public Id128 Id { get; }

    /// <summary>Number of the next segment; what is buffered will be in it or behind.</summary>
    public ulong Next { get; private set; }

    /// <summary>Segments acknowledged: all below this number are durable.</summary>
    public ulong Acknowledged { get; private set; }

    /// <summary>Whether nothing can be appended any more.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Bytes of records that are not acknowledged, roughly. Readable from any thread.</summary>
    public long UndurableBytes => Volatile.Read(ref _undurableBytes);

    /// <summary>The store's last fault while a put, or the look behind it, still fails, or <see langword="null"/>.</summary>
    public string? Fault { get; private set; }

    /// <summary>Queues a record.</summary>
    public void Enqueue(LogEntry entry)
    {
        if (IsDead)
        {
            entry.ReleasePayload();
            entry.Fail(UnknownOutcome());
            return;
        }

        _buffer.Add(entry);
        _bufferBytes += entry.SizeBytes;
        _undurableBytes += entry.SizeBytes;
        _last = entry;
        if (entry.IsUrgent || _bufferBytes >= _options.SegmentBytes)
        {
            Flush();
        }
        else if (!_isScheduled)
        {
            _isScheduled = true;
            _ = FlushLaterAsync();
        }
    }

    /// <summary>Waits until everything queued before is durable, or the writer is dead.</summary>
    public async Task BarrierAsync()
    {
        if (_last is { } last)
        {
            Flush();
            await last.Durable.ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Current);
        }
    }

    /// <summary>Looks whether the store has what was acknowledged here last: if not, it is not the store any more that it was.</summary>
    /// <exception cref="BlobStoreException">The store cannot be reached, or is not the same any more.</exception>
    public async Task CheckAsync()
    {
        if (!IsDead && await _proof.CheckAsync([], Acknowledged, () => Next) == LogProof.Finding.Sealed)
        {
            Fence(SealedByAnother);
        }
    }

    /// <summary>Ends the writer: what is not acknowledged fails as unknown.</summary>
    /// <param name="reason">Why, for the log.</param>
    public void Fence(string reason)
    {
        if (IsDead)
        {
            return;
        }

        IsDead = true;
        var failure = UnknownOutcome();
        foreach (var (_, pending) in _waiting.OrderBy(pair => pair.Key))
        {
            pending.Records.ForEach(item => item.Entry.Fail(failure));
        }

        foreach (var entry in _buffer)
        {
            entry.ReleasePayload();
            entry.Fail(failure);
        }

        _waiting.Clear();
        _buffer = [];
        _undurableBytes = 0;
        _lost(this, reason);
    }

    /// <summary>Ends the writer when everything queued is durable, and seals its log. No open context may use it any more.</summary>
    /// <returns>The seal's name; <see langword="null"/> where the writer was lost, or the log could not be sealed.</returns>
    public async Task<string?> RetireAsync()
    {
        await BarrierAsync();
        if (IsDead)
        {
            return null;
        }

        IsDead = true;
        var seal = LogSeals.Encode(Id, Next, _ids.Next(), first: 0);
        var name = BlobNames.Log(Id, Next);
        for (var attempt = 1; attempt <= RetireTries; attempt++)
        {
            try
            {
                await _store.CreateAsync(name, seal, CancellationToken.None);
                StorageLog.WriterRetired(_logger, Id, Next);
                return name;
            }
            catch (BlobStoreException fault)
            {
                // Nothing hangs on it: without a seal its segments stay until a collection has sealed the log.
                StorageLog.NotePutFailed(_logger, name, attempt, fault.Message);
                _metrics.Retries.Add(1);
                await Task.Delay(Backoff.After(attempt), _time);
            }
        }

        return null;
    }

    private static SwarmRefusedException UnknownOutcome() => new(new Refusal(
        RefusalCode.Unknown, "The silo lost its log before it could tell whether this is durable. Repeat the request."));

    private async Task FlushLaterAsync()
    {
        await Task.Delay(_options.FlushInterval, _time);
        _isScheduled = false;
        Flush();
    }

    private void Flush()
    {
        if (IsDead || _buffer.Count == 0)
        {
            return;
        }

        if (_inFlight >= _options.SegmentsInFlight)
        {
            _isDue = true;
            return;
        }

        _isDue = false;
        _ = PutAsync(TakeBatch());
        if (_bufferBytes >= _options.SegmentBytes)
        {
            Flush();
        }
        else if (_buffer.Count > 0 && !_isScheduled)
        {
            _isScheduled = true;
            _ = FlushLaterAsync();
        }
    }

    private List<LogEntry> TakeBatch()
    {
        long bytes = 0;
        var count = 0;
        while (count < _buffer.Count && bytes < _options.SegmentBytes)
        {
            bytes += _buffer[count++].SizeBytes;
        }

        var batch = _buffer;
        _buffer = batch.GetRange(count, batch.Count - count);
        batch.RemoveRange(count, batch.Count - count);
        _bufferBytes -= bytes;
        return batch;
    }

    /// <summary>Whatever fails in it ends the writer: one that goes on with a number left out would acknowledge nothing any more.</summary>
    private async Task PutAsync(List<LogEntry> batch)
    {
        var sequence = Next++;
        try
        {
            await PutAsync(batch, sequence);
        }
        catch (Exception fault)
        {
            Fault = fault.Message;
            StorageLog.WriterFailed(_logger, BlobNames.Log(Id, sequence), fault);
            Fence($"segment {sequence} could not be made or acknowledged: {fault.Message}");
            batch.ForEach(entry => entry.Fail(UnknownOutcome())); // Those that Fence did not know of, or was not told of yet.
        }
    }

    private async Task PutAsync(List<LogEntry> batch, ulong sequence)
    {
        var began = _proof.Begin();
        _inFlight++;
        var nonce = _ids.Next();
        bool isWritten;
        try
        {
            var content = Encode(batch, sequence, nonce);
            isWritten = await WriteAsync(BlobNames.Log(Id, sequence), content, sequence, nonce);
        }
        finally
        {
            batch.ForEach(entry => entry.ReleasePayload());
        }

        if (!isWritten || IsDead)
        {
            return;
        }

        _inFlight--;
        _unproven.Add(_proof.End(sequence, began, batch));
        if (_isDue)
        {
            Flush();
        }

        if (!_isProving)
        {
            await ProveAsync();
        }
    }

    /// <summary>Acknowledges what was put, once the store was seen to have it. One look at a time: what is put meanwhile shares the next.</summary>
    private async Task ProveAsync()
    {
        _isProving = true;
        try
        {
            while (_unproven.Count > 0)
            {
                var puts = _unproven;
                _unproven = [];
                if (!await IsProvenAsync(puts))
                {
                    break;
                }

                foreach (var put in puts.TakeWhile(_ => !IsDead))
                {
                    Acknowledge(put.Sequence);
                }
            }
        }
        finally
        {
            _isProving = false; // At once, not when whoever awaits this runs: what is put meanwhile would wait for ever.
        }
    }

    /// <summary>False: the writer is dead.</summary>
    private async Task<bool> IsProvenAsync(List<LogProof.Written> puts)
    {
        for (var attempt = 1; !IsDead; attempt++)
        {
            try
            {
                if (await _proof.CheckAsync(puts, Acknowledged, () => Next) == LogProof.Finding.Holds)
                {
                    Fault = null;
                    return !IsDead;
                }

                Fence(SealedByAnother);
            }
            catch (Exception fault) when (fault is BlobStoreException { IsTransient: true } or OutOfMemoryException)
            {
                Fault = fault.Message;
                StorageLog.ProofFailed(_logger, Id, attempt, fault.Message);
                _metrics.Retries.Add(1);
                await Task.Delay(Backoff.After(attempt), _time);
            }
            catch (Exception fault)
            {
                Fault = fault.Message;
                Fence($"the store cannot be asked for what was written: {fault.Message}");
            }
        }

        return false;
    }

    private ReadOnlySequence<byte> Encode(List<LogEntry> batch, ulong sequence, Id128 nonce)
    {
        var records = new List<LogRecord>(batch.Count);
        var payloads = new List<ReadOnlyMemory<byte>>();
        long offset = 0;
        foreach (var entry in batch)
        {
            var record = entry.Record;
            if (!entry.Payload.IsEmpty && record is KvRecord kv)
            {
                record = kv with { Payload = kv.Payload with { Offset = offset } };
                payloads.Add(entry.Payload);
                offset += entry.Payload.Length;
            }

            records.Add(record);
        }

        var segment = new Segment(Id, sequence, nonce, false, records) { Assured = Acknowledged };
        var content = SegmentCodec.Encode(segment, payloads, out var payloadStart);
        var pending = new List<Pending>(batch.Count);
        for (var index = 0; index < batch.Count; index++)
        {
            pending.Add(new Pending(batch[index], Locate(records[index], batch[index], sequence, payloadStart)));
        }

        _waiting.Add(sequence, (pending, content.First, _metrics.AcknowledgeDuration.Enabled ? _time.GetTimestamp() : null));
        if (!_rules.IndexesWhatIsAcknowledged)
        {
            _indexer.Add(content.First);
        }

        return content;
    }

    private LogRecord Locate(LogRecord record, LogEntry entry, ulong sequence, long payloadStart) =>
        !entry.Payload.IsEmpty && record is KvRecord kv
            ? kv with
            {
                Payload = kv.Payload with
                {
                    Object = ObjectRef.Segment(Id, sequence),
                    Offset = payloadStart + kv.Payload.Offset,
                },
            }
            : record;

    /// <summary>The same bytes under the same number until the store answers. False: the writer is dead.</summary>
    private async Task<bool> WriteAsync(string name, ReadOnlySequence<byte> content, ulong sequence, Id128 nonce)
    {
        for (var attempt = 1; !IsDead; attempt++)
        {
            try
            {
                var write = await _store.CreateAsync(name, content, CancellationToken.None);
                if (!write.IsRefused || !_rules.ComparesNonce || await IsMineAsync(sequence, nonce))
                {
                    return true;
                }

                Fence(SealedByAnother);
                return false;
            }
            catch (Exception fault) when (fault is BlobStoreException { IsTransient: true } or OutOfMemoryException)
            {
                Fault = fault.Message;
                StorageLog.NotePutFailed(_logger, name, attempt, fault.Message);
                _metrics.Retries.Add(1);
                await Task.Delay(Backoff.After(attempt), _time);
            }
            catch (Exception fault)
            {
                Fault = fault.Message;
                StorageLog.WriterFailed(_logger, name, fault);
                Fence($"the store refused {name}: {fault.Message}");
            }
        }

        return false;
    }

    private async Task<bool> IsMineAsync(ulong sequence, Id128 nonce) =>
        await _segments.ReadAsync(Id, sequence) is { IsSeal: false } found && found.Nonce == nonce;

    private void Acknowledge(ulong sequence)
    {
        if (!_rules.AcknowledgesInOrder && _waiting.Remove(sequence, out var early))
        {
            early.Records.ForEach(item => item.Entry.Acknowledge(item.Durable));
            _waiting.Add(sequence, ([], early.Head, null));
        }

        _written.Add(sequence, true);
        while (!IsDead && _written.Remove(Acknowledged))
        {
            _waiting.Remove(Acknowledged, out var pending);
            Acknowledged++;
            try
            {
                pending.Records.ForEach(item => item.Entry.Acknowledge(item.Durable));
            }
            catch
            {
                pending.Records.ForEach(item => item.Entry.Fail(UnknownOutcome()));
                throw;
            }

            pending.Records.ForEach(item => _undurableBytes -= item.Entry.SizeBytes);
            if (pending.Began is { } began)
            {
                _metrics.AcknowledgeDuration.Record(_time.GetElapsedTime(began).TotalSeconds);
            }

            if (_rules.IndexesWhatIsAcknowledged)
            {
                _indexer.Add(pending.Head);
            }
        }
    }
}
