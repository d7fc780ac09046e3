using System.Diagnostics;
using System.Runtime.CompilerServices;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Hosting;
using Swarm.Storage.Reading;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Contexts;

/// <summary>The port to one open context: takes calls from any thread to the store's loop.</summary>
internal sealed class OpenContext : IOpenContext
{
    private readonly ContextIncarnation _incarnation;
    private readonly ContextServices _services;
    private readonly OwnershipRequests _ownership;
    private readonly AppendRequests _appends;
    private readonly IncarnationReader _reader;
    private readonly Func<Task> _close;
    private readonly Func<Task<bool>> _isCurrent;

    /// <summary>Makes the port.</summary>
    /// <param name="incarnation">The incarnation that it gives access to.</param>
    /// <param name="services">What the store's contexts share.</param>
    /// <param name="close">Drains and closes it.</param>
    /// <param name="isCurrent">Asks storage whether this incarnation still counts, and ends it if it does not.</param>
    public OpenContext(ContextIncarnation incarnation, ContextServices services, Func<Task> close, Func<Task<bool>> isCurrent)
    {
        _isCurrent = isCurrent;
        var loader = new PageLoader(services);
        _incarnation = incarnation;
        _services = services;
        _close = close;
        _reader = new IncarnationReader(incarnation, services);
        _ownership = new OwnershipRequests(incarnation, loader, services.Rules, isCurrent);
        _appends = new AppendRequests(incarnation, services, loader, _reader);
    }

    /// <inheritdoc/>
    public ContextId Id => _incarnation.Id;

    /// <inheritdoc/>
    public ModelDescriptor Model => _incarnation.Model;

    /// <inheritdoc/>
    public ContextStatus Status => _incarnation.Status;

    /// <inheritdoc/>
    public CancellationToken Closed => _incarnation.Closed;

    /// <summary>The incarnation that it gives access to.</summary>
    internal ContextIncarnation Incarnation => _incarnation;

    /// <inheritdoc/>
    public async ValueTask<ContextStatus> WaitForChangeAsync(
        Epoch seenEpoch, Watermarks seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _incarnation.Changed; // Before the status, so that no change slips between.
            var status = _incarnation.Status;
            if (status.Epoch != seenEpoch || status.Durable != seen)
            {
                return status;
            }

            if (Closed.IsCancellationRequested)
            {
                throw Refusals.Moved(Id);
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Acquired> AcquireAsync(AcquireRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(() => _ownership.AcquireAsync(request), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Epoch> ReleaseAsync(
        SessionProof proof, string reservedFor, CancellationToken cancellationToken) =>
        AnswerAsync(() => _ownership.ReleaseAsync(proof, reservedFor), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Acquired> RewindAsync(
        SessionProof proof, long length, Digest256 newSecretHash, CancellationToken cancellationToken) =>
        AnswerAsync(() => _ownership.RewindAsync(proof, length, newSecretHash), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Watermarks> AppendInputsAsync(
        SessionProof proof, InputRun inputs, IReadOnlyList<NamedState> states, CancellationToken cancellationToken) =>
        _services.Metrics.AppendDuration.Enabled
            ? MeasureAsync("inputs", _services.Time.GetTimestamp(), AnswerAsync(() => _appends.AppendInputsAsync(proof, inputs, states), cancellationToken))
            : AnswerAsync(() => _appends.AppendInputsAsync(proof, inputs, states), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Watermarks> AppendKvAsync(SessionProof proof, KvAppend kv, CancellationToken cancellationToken) =>
        _services.Metrics.AppendDuration.Enabled
            ? MeasureAsync("kv", _services.Time.GetTimestamp(), TakeOverAndAppendAsync(proof, kv, cancellationToken))
            : TakeOverAndAppendAsync(proof, kv, cancellationToken);

    /// <inheritdoc/>
    public void RecordHeartbeat(SessionProof proof)
    {
        if (Closed.IsCancellationRequested)
        {
            throw Refusals.Moved(Id);
        }

        var ownership = _incarnation.Ownership;
        if (proof.Epoch > ownership.Epoch)
        {
            throw Refusals.Moved(Id); // This silo is behind: the context went on elsewhere.
        }

        if (!ownership.IsHeldBy(proof))
        {
            throw Refusals.Stale(proof.Epoch, ownership.Epoch, ownership.Holder);
        }

        _incarnation.RecordHeartbeat();
    }

    /// <inheritdoc/>
    public void RecordConnected(SessionProof proof, object connection)
    {
        if (_incarnation.Ownership.IsHeldBy(proof))
        {
            _incarnation.RecordConnected(connection);
        }
    }

    /// <inheritdoc/>
    public void RecordConnectionLost(object connection) => _incarnation.RecordConnectionLost(connection);

    /// <inheritdoc/>
    public void WriteAtOnce(TimeSpan time) => _incarnation.WriteAtOnce(time);

    /// <inheritdoc/>
    public async IAsyncEnumerable<InputRun> ReadInputsAsync(
        long firstPosition, long count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        CheckRange(firstPosition, count);
        foreach (var run in await _services.Loop.RunAsync(() =>
            ConfirmRefusalAsync(() => _reader.ReadInputsAsync(firstPosition, count))).WaitAsync(cancellationToken))
        {
            yield return run;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<KvRunData> ReadKvAsync(
        long firstPosition, long count, KvReading reading, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        CheckRange(firstPosition, count);
        Task<IReadOnlyList<KvExtent>> PlanAsync(long first) =>
            _services.Loop.RunAsync(() => ConfirmRefusalAsync(() => _reader.PlanAsync(first, firstPosition + count - first)));
        var plan = await PlanAsync(firstPosition).WaitAsync(cancellationToken);
        await foreach (var run in KvRunReader.ReadAsync(
            _services, Id, _incarnation.Damage, plan, PlanAnewAsync, reading, cancellationToken))
        {
            yield return run;
        }

        // What is missing may have been merged and collected since; or all of it, if the context went on elsewhere.
        async Task<IReadOnlyList<KvExtent>> PlanAnewAsync(long first) =>
            await _services.Loop.RunAsync(_isCurrent) ? await PlanAsync(first) : throw Refusals.Moved(Id);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Followed> FollowAsync(FollowPoint from, CancellationToken cancellationToken) =>
        from.KvPosition >= 0 && from.KvPosition <= from.Position
            ? new FollowRequests(_incarnation, _services, new PageLoader(_services), _reader, _isCurrent).FollowAsync(from, WaitForChangeAsync, cancellationToken)
            : throw Refusals.Invalid($"KV of {from.KvPosition} positions is more than the inputs of {from.Position}: nobody can follow from there.");

    /// <inheritdoc/>
    public IReadOnlyList<NamedState> ReadStates() => _incarnation.States;

    /// <inheritdoc/>
    public async ValueTask CloseAsync(CancellationToken cancellationToken) =>
        await _services.Loop.RunAsync(_close).WaitAsync(cancellationToken);

    private static void CheckRange(long firstPosition, long count)
    {
        if (firstPosition < 0 || count < 0)
        {
            throw Refusals.Invalid($"{count} positions from {firstPosition} on are not a range.");
        }
    }

    /// <summary>Copies an append, verified: it may outlive its call, so it owns its bytes.</summary>
    private (TierLease Lease, ulong Checksum) TakeOver(KvAppend kv)
    {
        if (kv.FirstPosition < 0 || kv.Count < 1 || kv.Frames.Length is 0 or > KvPayload.MaxBytes)
        {
            throw Refusals.Invalid(
                $"KV of {kv.Count} positions at {kv.FirstPosition} in {kv.Frames.Length} bytes is malformed: at least one "
                + $"position, at most {KvPayload.MaxBytes} bytes.");
        }

        var lease = _services.Memory.Rent(kv.Frames.Length);
        try
        {
            return (lease, KvPayload.CopyVerified(
                Model.Geometry, kv.FirstPosition, kv.Count, kv.Frames.Span, lease.Memory.Span));
        }
        catch (CorruptObjectException error)
        {
            lease.Dispose();
            throw Refusals.Corrupt($"KV at {kv.FirstPosition} arrived damaged: {error.Message}. Send it again.");
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    private async ValueTask<Watermarks> TakeOverAndAppendAsync(SessionProof proof, KvAppend kv, CancellationToken cancellationToken)
    {
        // Up to the first await this runs on the caller's thread: the loop is not held up, and the order of calls stays.
        var (lease, checksum) = TakeOver(kv);
        return await AnswerAsync(() => _appends.AppendKvAsync(proof, kv, checksum, lease), cancellationToken);
    }

    private async ValueTask<Watermarks> MeasureAsync(string kind, long started, ValueTask<Watermarks> append)
    {
        var tags = new TagList { { StorageMetrics.AppendKey, kind } };
        try
        {
            return await append;
        }
        catch (Exception fault)
        {
            tags.Add(StorageMetrics.ErrorKey, fault is SwarmRefusedException refused ? refused.Refusal.Code.ToString() : fault.GetType().FullName);
            throw;
        }
        finally
        {
            _services.Metrics.AppendDuration.Record(_services.Time.GetElapsedTime(started).TotalSeconds, tags);
        }
    }

    private async ValueTask<T> AnswerAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await _services.Loop.RunAsync(() => ConfirmRefusalAsync(work))
                .WaitAsync(_services.Options.AnswerTimeout, _services.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Refusals.StoreUnavailable(
                (_incarnation.Writer.Fault ?? "it did not answer in time")
                + $" (waited {_services.Options.AnswerTimeout.TotalSeconds:0.#} s).");
        }
    }

    private Task<T> ConfirmRefusalAsync<T>(Func<Task<T>> work) => Refusals.ConfirmAsync(Id, work, _isCurrent);
}
