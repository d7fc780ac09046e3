using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;
using Swarm.Grains.Fleet;

namespace Swarm.Grains.Contexts;

/// <summary>Decides who may have a context, and keeps it open on this silo while it is needed.</summary>
/// <remarks>
/// It adds no safety: two activations of one context may exist, and storage fences. It adds order (decisions one after
/// the other) and a place (the silo whose data plane serves the context).
/// </remarks>
[GrainType("swarm-context")]
[Immovable]
internal sealed class ContextGrain(
    IContextHost host,
    IDataPlaneEndpoint dataPlane,
    IOptions<ContextGrainOptions> options,
    TimeProvider timeProvider,
    HolderWatch holders,
    GrainsMetrics metrics,
    ILogger<ContextGrain> logger) : Grain, IContextGrain
{
    /// <summary>How often a decision is made anew when the epoch changes under it, or the context moves.</summary>
    private const int MaxAttempts = 8;

    private const int RememberedGrants = 256;
    private const int MaxReasonLength = 256;

    // No context ever reaches it, so a request that expects it succeeds only as a repeat of a granted one.
    private const ulong ImpossibleEpoch = ulong.MaxValue;

    private readonly SpentGrants _grants = new(RememberedGrants);
    private string _tenant = "";
    private string _context = "";
    private RequestGuard _guard = null!; // Since activation.
    private IOpenContext? _open;
    private bool _isKept;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // A key that names nothing leaves both empty: each request is then refused as invalid.
        GrainKeys.TrySplit(this.GetPrimaryKeyString(), out _tenant, out _context);
        _guard = new RequestGuard(_tenant, _context, options.Value.OperationTimeout, timeProvider, metrics, logger);
        var period = options.Value.SessionCheckPeriod;
        this.RegisterGrainTimer(
            _ =>
            {
                RenewWhileHeld();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(period, period) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        holders.Remove(_tenant, _context, reason.ReasonCode == DeactivationReasonCode.ActivationIdle);
        if (_open is { } open)
        {
            _open = null;
            GrainsLog.Deactivating(logger, Label(open), reason.ReasonCode);
            await CloseQuietlyAsync(open, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<AcquireAnswer> AcquireAsync(AcquireContext request, CancellationToken cancellationToken)
    {
        const string Request = "acquire";
        var started = timeProvider.GetTimestamp();
        var answer = await _guard.RunAsync(
            Request,
            async token =>
            {
                var answer = await AcquireCoreAsync(request, token);
                if (answer.Refusal is { } refusal)
                {
                    metrics.Refused(Request, refusal.Code);
                }

                return answer;
            },
            refusal => new AcquireAnswer(null, refusal),
            cancellationToken);
        metrics.Acquired(request.Mode, answer.Refusal?.Code, timeProvider.GetElapsedTime(started));
        return answer;
    }

    /// <inheritdoc/>
    public Task<EpochAnswer> ReleaseAsync(ReleaseContext request, CancellationToken cancellationToken) => _guard.RunAsync(
        "release",
        async token =>
        {
            var to = request.To ?? "";
            if (to.Length > 0)
            {
                RequestGuard.Check(() => Names.RequireAgent(to));
            }

            var open = await RequireOpenAsync();
            var holder = open.Status.Holder;
            var epoch = await open.ReleaseAsync(new SessionProof(new Epoch(request.Epoch), request.SecretHash), to, token);
            RenewWhileHeld();
            holders.Changed(_tenant, _context);
            GrainsLog.Released(logger, Label(open), _tenant, request.Epoch, epoch.Value, OrNone(to));
            TellOver(holder, request.Epoch);
            return new EpochAnswer(epoch.Value, null);
        },
        refusal => new EpochAnswer(refusal.CurrentEpoch.Value, refusal),
        cancellationToken);

    /// <inheritdoc/>
    public Task<LocateAnswer> LocateAsync(CancellationToken cancellationToken) => _guard.RunAsync(
        "locate",
        async token =>
        {
            await RequireOpenAsync();
            return new LocateAnswer(await dataPlane.GetAddressAsync(token), null);
        },
        refusal => new LocateAnswer("", refusal),
        cancellationToken);

    /// <inheritdoc/>
    public Task<SuccessorAnswer> FindSuccessorAsync(
        ulong epoch, Digest256 secretHash, string reason, CancellationToken cancellationToken) => _guard.RunAsync(
        "find-successor",
        async token =>
        {
            var open = await RequireOpenAsync();
            open.RecordHeartbeat(new SessionProof(new Epoch(epoch), secretHash)); // Throws unless it is the holder.
            var note = ContextNotes.Planned(_context, open.Status);
            var told = reason is { Length: > 0 and <= MaxReasonLength } ? reason : "its holder asks for a successor";
            var answer = await GrainFactory.GetGrain<IFleetGrain>(GrainKeys.FleetOf(_tenant)).FindSuccessorAsync(note, told).WaitAsync(token);
            if (answer.Successor.Length > 0)
            {
                open.WriteAtOnce(FleetPlanner.PreparationTime); // It waits for the last step of the holder.
            }

            return answer;
        },
        refusal => new SuccessorAnswer("", refusal),
        cancellationToken);

    /// <inheritdoc/>
    public Task<StatusAnswer> GetStatusAsync(CancellationToken cancellationToken) => _guard.RunAsync(
        "status",
        async token =>
        {
            var status = (await RequireOpenAsync()).Status;
            return new StatusAnswer(
                status.Epoch.Value,
                status.Holder,
                status.ReservedFor,
                status.Durable.Tokens,
                status.Durable.Kv,
                status.Model.ToString(),
                Math.Max(0, (timeProvider.GetUtcNow() - status.LastHeartbeat).TotalSeconds),
                null)
            {
                Loss = status.Loss,
            };
        },
        refusal => new StatusAnswer(0, "", "", 0, 0, "", 0, refusal),
        cancellationToken);

    /// <inheritdoc/>
    public Task<ForkAnswer> ForkAsync(string name, long? position, CancellationToken cancellationToken) => _guard.RunAsync(
        "fork",
        async token =>
        {
            RequestGuard.Check(() => Names.RequireContext(name));
            await RequireOpenAsync();
            var made = await host.ForkAsync(Id(), name, position, null, token);
            return new ForkAnswer(made.IsNew, made.Position, null);
        },
        refusal => new ForkAnswer(false, 0, refusal),
        cancellationToken);

    /// <inheritdoc/>
    public Task<EraseAnswer> EraseAsync(ulong expectedEpoch, CancellationToken cancellationToken) => _guard.RunAsync(
        "erase",
        async token =>
        {
            if (await OpenAsync() is not { } open)
            {
                return new EraseAnswer(false, null);
            }

            if (open.Status is { } status && status.Epoch.Value != expectedEpoch)
            {
                throw new SwarmRefusedException(new Refusal(
                    RefusalCode.EpochChanged,
                    $"Context '{_context}' is not erased: its epoch was {expectedEpoch} when that was asked for, and is {status.Epoch} now. "
                    + "Check the current holder and retry.",
                    status.Epoch,
                    Holder: status.Holder));
            }

            var isErased = await host.EraseAsync(Id(), token);
            _open = null;
            return new EraseAnswer(isErased, null);
        },
        refusal => new EraseAnswer(false, refusal),
        cancellationToken);

    /// <inheritdoc/>
    public async Task CloseAsync()
    {
        if (_open is { } open)
        {
            _open = null;
            await CloseQuietlyAsync(open, CancellationToken.None);
        }

        DeactivateOnIdle();
    }

    private async Task<AcquireAnswer> AcquireCoreAsync(AcquireContext request, CancellationToken cancellationToken)
    {
        if (AcquireRequestCheck.FindFault(request, _context) is { } fault)
        {
            return new AcquireAnswer(null, fault);
        }

        Refusal? last = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var open = await OpenOrCreateAsync(request);
            cancellationToken.ThrowIfCancellationRequested();
            var status = open.Status;
            try
            {
                return await DecideAndAcquireAsync(open, status, request, cancellationToken);
            }
            catch (SwarmRefusedException exception)
                when (exception.Refusal.Code is RefusalCode.EpochChanged or RefusalCode.Moved && request.OnlyInEpoch is null)
            {
                last = exception.Refusal; // Another session or silo was faster: look again.
            }
        }

        return new AcquireAnswer(null, new Refusal(
            RefusalCode.Busy,
            $"Context '{_context}' changed hands {MaxAttempts} times during the request ({last?.Message}); repeat it.",
            last?.CurrentEpoch ?? default));
    }

    private async Task<AcquireAnswer> DecideAndAcquireAsync(
        IOpenContext open, ContextStatus status, AcquireContext request, CancellationToken cancellationToken)
    {
        var isKnown = _grants.TryGet(request.SecretHash, out var grant);
        if (isKnown && status.Epoch > grant.Epoch)
        {
            return new AcquireAnswer(null, new Refusal(
                RefusalCode.StaleEpoch,
                $"This request was granted epoch {grant.Epoch}, and that session is over: the epoch is {status.Epoch} "
                + "now. Acquire with a fresh secret.",
                status.Epoch,
                Holder: status.Holder));
        }

        var refusal = AcquireDecision.Decide(status, request, timeProvider.GetUtcNow());
        if (refusal is not null && !(refusal.Code is RefusalCode.Owned or RefusalCode.EpochChanged && status.Holder == request.Agent))
        {
            return new AcquireAnswer(null, refusal);
        }

        // Both before the acquisition: a grant that cannot be told is of no use.
        var key = await host.GetTenantKeyAsync(_tenant, cancellationToken);
        var address = await dataPlane.GetAddressAsync(cancellationToken);

        // The holder has the caller's name. If it is this very session, whose answer was lost, storage knows the nonce
        // and answers again whatever the expected epoch; if it is another session, the impossible epoch changes nothing.
        var expected = refusal is null ? status.Epoch : new Epoch(ImpossibleEpoch);
        Acquired acquired;
        try
        {
            acquired = await open.AcquireAsync(
                new AcquireRequest(request.Agent, request.SecretHash, expected), cancellationToken);
        }
        catch (SwarmRefusedException exception)
            when (refusal is not null && exception.Refusal.Code == RefusalCode.EpochChanged)
        {
            return new AcquireAnswer(null, refusal);
        }

        var isRepeat = acquired.Epoch == status.Epoch;
        var previous = isKnown ? grant.PreviousHolder : isRepeat ? "" : status.Holder;
        _grants.Add(request.SecretHash, acquired.Epoch, previous);
        if (!isRepeat)
        {
            if (previous.Length > 0)
            {
                metrics.TakenOver(request.Mode);
            }

            GrainsLog.Acquired(logger, Label(open), _tenant, acquired.Epoch.Value, request.Agent, OrNone(previous), request.Mode);
            if (previous != request.Agent)
            {
                TellOver(previous, acquired.Epoch.Value - 1);
            }

            Agent(request.Agent).NoteHeldAsync(_context, acquired.Epoch.Value).Ignore();
            holders.Changed(_tenant, _context);
        }

        RenewWhileHeld();
        return new AcquireAnswer(
            new ContextLease(
                acquired.Epoch.Value,
                acquired.Epoch.Value - 1,
                previous,
                acquired.Durable.Tokens,
                acquired.Durable.Kv,
                status.BlockTokens,
                address,
                key.Bytes.ToArray())
            {
                Loss = status.Loss,
            },
            null);
    }

    private async ValueTask<IOpenContext> OpenOrCreateAsync(AcquireContext request)
    {
        if (await OpenAsync() is { } open)
        {
            return open;
        }

        if (!request.MayCreate)
        {
            throw NotFound();
        }

        var spec = new ContextSpec(_tenant, _context, request.Model, request.BlockTokens);
        using var limit = _guard.NewLimit();
        if (await host.CreateAsync(spec, limit.Token))
        {
            GrainsLog.Created(logger, $"{_context} ({spec.Id})", _tenant);
        }

        return await RequireOpenAsync();
    }

    private async ValueTask<IOpenContext> RequireOpenAsync() =>
        await OpenAsync() ?? throw NotFound();

    private async ValueTask<IOpenContext?> OpenAsync()
    {
        if (_open is { Closed.IsCancellationRequested: false } open)
        {
            return open;
        }

        _open = null;
        using var limit = _guard.NewLimit();
        _open = await host.OpenAsync(Id(), limit.Token);
        if (_open is not null)
        {
            holders.Add(_tenant, _context, _open);
        }

        return _open;
    }

    private void TellOver(string agent, ulong epoch)
    {
        if (agent.Length > 0)
        {
            Agent(agent).NoteOverAsync(_context, epoch).Ignore();
        }
    }

    private IAgentGrain Agent(string agent) => GrainFactory.GetGrain<IAgentGrain>(GrainKeys.Agent(_tenant, agent));

    private ContextId Id() => RequestGuard.Check(() => ContextId.FromNames(_tenant, _context));

    private SwarmRefusedException NotFound() => new(new Refusal(
        RefusalCode.NotFound, $"Tenant '{_tenant}' has no context '{_context}'. OpenAsync makes it, and so does OpenOrTakeOverAsync."));

    // Traffic on the data plane does not keep a grain activated: what the context heard of its holder does.
    private void RenewWhileHeld()
    {
        var isHeld = _open is { Closed.IsCancellationRequested: false, Status: { Holder.Length: > 0 } status }
            && timeProvider.GetUtcNow() - status.LastHeartbeat < options.Value.SessionLinger;
        if (isHeld || _isKept)
        {
            DelayDeactivation(isHeld ? options.Value.SessionLinger : TimeSpan.Zero); // Zero ends the delay.
        }

        _isKept = isHeld;
    }

    private static string OrNone(string agent) => agent.Length == 0 ? "none" : $"'{agent}'";

    private string Label(IOpenContext open) => $"{_context} ({open.Id})";

    private async Task CloseQuietlyAsync(IOpenContext open, CancellationToken cancellationToken)
    {
        try
        {
            await open.CloseAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whoever opens it next recovers it from the log: nothing acknowledged is at risk.
            GrainsLog.CloseFailed(logger, Label(open), exception);
        }
    }
}
