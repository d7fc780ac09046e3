using System.Collections.Concurrent;
using Swarm.Core.Identity;
using Swarm.Core.Settings;
using Swarm.DataPlane.Client;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Client.Control;

/// <summary>A client's way to the silos: grain calls with its credential, a deadline, and errors as typed exceptions; and the connections that they share.</summary>
/// <param name="grains">The cluster, as it is reached now.</param>
/// <param name="credential">Tenant and token.</param>
/// <param name="options">Settings.</param>
internal sealed class ControlPlane(Func<IGrainFactory> grains, SwarmCredential credential, SwarmClientOptions options)
{
    private readonly ConcurrentDictionary<object, string> _parts = new();
    private volatile Type? _disposed;

    /// <summary>What the client measures.</summary>
    public ClientMetrics Metrics { get; } = ClientMetrics.Of(options.MeterFactory);

    /// <summary>Tenant and token.</summary>
    public SwarmCredential Credential => credential;

    /// <summary>The data-plane connections, to where <see cref="LocateAsync"/> says.</summary>
    public DataPlanePool Connections { get; } = options.DataPlane.CreatePool(credential, options);

    /// <summary>Whether the client is disposed.</summary>
    public bool IsClosed => _disposed is not null;

    /// <summary>Refuses all calls from now on: the client is disposed.</summary>
    /// <param name="disposed">What was disposed, for the exceptions.</param>
    public void Close(Type disposed)
    {
        _disposed = disposed;
        Metrics.Dispose();
    }

    /// <summary>One attempt to acquire a context. Safe to repeat with the same secret.</summary>
    /// <param name="request">The request.</param>
    /// <param name="attempt">How many came before.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ContextLease> AcquireAsync(AcquireContext request, int attempt, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(token => Context(request.Context).AcquireAsync(request, token), cancellationToken, TimeOf(attempt))
            .ConfigureAwait(false);
        return answer.Refusal is { } refusal ? throw refusal.ToException() : answer.Lease!;
    }

    /// <summary>One attempt to give a context back.</summary>
    public async Task<Epoch> ReleaseAsync(ReleaseContext request, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(token => Context(request.Context).ReleaseAsync(request, token), cancellationToken)
            .ConfigureAwait(false);
        return answer.Refusal is { } refusal ? throw refusal.ToException() : new Epoch(answer.Epoch);
    }

    /// <summary>Where a context's data plane is; opens the context there if need be.</summary>
    public async Task<string> LocateAsync(string context, CancellationToken cancellationToken)
    {
        var answer = await CallUntilAnsweredAsync(
            token => Context(context).LocateAsync(token), answer => answer.Refusal, cancellationToken).ConfigureAwait(false);
        return answer.DataPlane;
    }

    /// <summary>The durable state of a context.</summary>
    public async Task<ContextInfo> GetStatusAsync(string context, CancellationToken cancellationToken)
    {
        var answer = await CallUntilAnsweredAsync(
            token => Context(context).GetStatusAsync(token), answer => answer.Refusal, cancellationToken).ConfigureAwait(false);
        return new ContextInfo(
            new Epoch(answer.Epoch),
            answer.Holder,
            answer.ReservedFor,
            new Watermarks(answer.DurableTokens, answer.DurableKv),
            new ModelFingerprint(Digest256.Parse(answer.Model)),
            TimeSpan.FromSeconds(answer.HeartbeatAgeSeconds))
        {
            Loss = answer.Loss,
        };
    }

    /// <summary>Makes a context that begins as another one does.</summary>
    public async Task<Forked> ForkAsync(string parent, string name, long? position, CancellationToken cancellationToken)
    {
        using var activity = ClientTrace.Start("swarm.fork", parent);
        var answer = await CallUntilAnsweredAsync(
            token => Context(parent).ForkAsync(name, position, token), answer => answer.Refusal, cancellationToken, options.ControlTimeout)
            .ConfigureAwait(false);
        return new Forked(answer.IsNew, answer.Position);
    }

    /// <summary>Makes a context that begins with some inputs, if another one has their KV. One attempt: computing is better than waiting.</summary>
    public async Task<PrefixForkAnswer> ForkPrefixAsync(PrefixFork request, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(
            token => grains().GetGrain<IPrefixGrain>(GrainKeys.Prefixes(credential.Tenant)).ForkAsync(request, token), cancellationToken)
            .ConfigureAwait(false);
        return answer.Refusal is { } refusal ? throw refusal.ToException() : answer;
    }

    /// <summary>Forgets a context for good.</summary>
    public async Task<bool> EraseAsync(string context, CancellationToken cancellationToken)
    {
        using var activity = ClientTrace.Start("swarm.erase", context);
        ulong epoch;
        try
        {
            epoch = (await GetStatusAsync(context, cancellationToken).ConfigureAwait(false)).Epoch.Value;
        }
        catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.NotFound)
        {
            return false;
        }

        var attempts = 0;
        var answer = await CallUntilAnsweredAsync(
            token =>
            {
                attempts++;
                return Context(context).EraseAsync(epoch, token);
            },
            answer => answer.Refusal,
            cancellationToken,
            options.ControlTimeout).ConfigureAwait(false);
        return answer.IsErased || attempts > 1; // It was there: an attempt before has erased it.
    }

    /// <summary>One poll of an agent of the fleet: tells what it has, and waits for offers.</summary>
    public Task<OfferMessage[]> PollAsync(string agent, MemberReport report, TimeSpan wait, CancellationToken cancellationToken) => CallAsync(
        _ => Agent(agent).PollAsync(report, wait.TotalSeconds), cancellationToken, options.AttemptTimeout + wait);

    /// <summary>One attempt to answer an offer.</summary>
    /// <returns>Whether it stood still.</returns>
    public Task<bool> AnswerOfferAsync(string agent, Guid offer, bool isAccepted, CancellationToken cancellationToken) =>
        CallAsync(_ => Agent(agent).AnswerAsync(offer, isAccepted), cancellationToken);

    /// <summary>One attempt to leave the fleet.</summary>
    public Task LeaveFleetAsync(string agent, Guid session, CancellationToken cancellationToken) => CallAsync(
        async _ =>
        {
            await Agent(agent).LeaveAsync(session).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>The agents that have joined.</summary>
    public async Task<IReadOnlyList<FleetAgent>> GetFleetAsync(CancellationToken cancellationToken)
    {
        var members = await CallUntilAnsweredAsync(
            _ => grains().GetGrain<IFleetGrain>(GrainKeys.FleetOf(credential.Tenant)).GetMembersAsync(), _ => null, cancellationToken).ConfigureAwait(false);
        return
        [
            .. members.Select(member => new FleetAgent(
                member.Name,
                new AgentProfile
                {
                    Models = [.. member.Report.Models.Select(model => new ModelFingerprint(model))],
                    FreePositions = member.Report.FreePositions,
                    Labels = member.Report.Labels,
                },
                member.Report.Follows.ToDictionary(follow => follow.Context, follow => new Watermarks(follow.Tokens, follow.Kv), StringComparer.Ordinal),
                member.Report.Holds,
                TimeSpan.FromSeconds(member.AgeSeconds))),
        ];
    }

    /// <summary>Finds a successor for a session that goes on until there is one.</summary>
    public async Task<string> FindSuccessorAsync(
        string context, Func<(Epoch Epoch, Digest256 SecretHash)> proof, string reason, CancellationToken cancellationToken)
    {
        var failing = options.TimeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var (epoch, secret) = proof();
                var answer = await CallAsync(
                    token => Context(context).FindSuccessorAsync(epoch.Value, secret, reason, token), cancellationToken, options.ControlTimeout).ConfigureAwait(false);
                if (answer.Refusal is { } refusal)
                {
                    throw refusal.ToException();
                }

                if (answer.Successor.Length > 0)
                {
                    return answer.Successor;
                }

                (attempt, failing) = (-1, options.TimeProvider.GetTimestamp()); // An answer: nobody is ready yet.
            }
            catch (Exception exception) when (MayRepeat(exception, failing))
            {
                await DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Raised when a session or a standby begins or ends.</summary>
    public event Action? PartsChanged;

    /// <summary>Sessions, or standbys, that an agent has in this client.</summary>
    public IEnumerable<T> PartsOf<T>(string agent) => _parts.Where(pair => pair.Value == agent).Select(pair => pair.Key).OfType<T>();

    /// <summary>Notes a session or a standby.</summary>
    public void Add(object part, string agent)
    {
        _parts[part] = agent;
        PartsChanged?.Invoke();
    }

    /// <summary>A session or a standby has ended. Harmless if repeated.</summary>
    public void Remove(object part)
    {
        if (_parts.TryRemove(part, out _))
        {
            PartsChanged?.Invoke();
        }
    }

    /// <summary>Waits out a failure that may pass. Grows from 20 ms to a quarter of a second, with jitter.</summary>
    /// <param name="attempt">Attempts before.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <param name="retryAfter">When the next attempt may succeed, if that is known and sooner; zero if not.</param>
    public Task DelayAsync(int attempt, CancellationToken cancellationToken, TimeSpan retryAfter = default)
    {
        var ceiling = Math.Min(250, 20 << Math.Min(attempt, 4));
        var delay = TimeSpan.FromMilliseconds(ceiling / 2 + Random.Shared.Next(ceiling / 2));
        var sooner = retryAfter + TimeSpan.FromMilliseconds(1); // Timers are not finer.
        return Task.Delay(retryAfter > TimeSpan.Zero && sooner < delay ? sooner : delay, options.TimeProvider, cancellationToken);
    }

    /// <summary>Whether a failure may pass, and there is time left for another attempt.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="started">When the first attempt began, as a timestamp of the clock.</param>
    public bool MayRepeat(Exception exception, long started) =>
        exception is SwarmTransportException { IsTransient: true } or SwarmRefusedException { IsTransient: true }
        && options.TimeProvider.GetElapsedTime(started) < options.ControlTimeout;

    /// <summary>For requests that change nothing, or nothing more when they are repeated.</summary>
    private async Task<T> CallUntilAnsweredAsync<T>(
        Func<CancellationToken, Task<T>> call, Func<T, Refusal?> refusalOf, CancellationToken cancellationToken, TimeSpan? attemptTimeout = null)
    {
        var started = options.TimeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var answer = await CallAsync(call, cancellationToken, attemptTimeout ?? TimeOf(attempt)).ConfigureAwait(false);
                return refusalOf(answer) is { } refusal ? throw refusal.ToException() : answer;
            }
            catch (Exception exception) when (MayRepeat(exception, started))
            {
                await DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // A silo that is slow needs more time, one that is gone is to be noticed soon.
    private TimeSpan TimeOf(int attempt)
    {
        var time = options.AttemptTimeout * (1 << Math.Min(attempt, SwarmClientOptions.AttemptTimeoutDoublings));
        return time < options.ControlTimeout ? time : options.ControlTimeout;
    }

    private IAgentGrain Agent(string agent) => grains().GetGrain<IAgentGrain>(GrainKeys.Agent(credential.Tenant, agent));

    private IContextGrain Context(string context) =>
        grains().GetGrain<IContextGrain>(GrainKeys.Context(credential.Tenant, context));

    private async Task<T> CallAsync<T>(
        Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken, TimeSpan? attemptTimeout = null)
    {
        ObjectDisposedException.ThrowIf(_disposed is not null, _disposed!);
        var atMost = attemptTimeout ?? options.AttemptTimeout;
        new CallCredential(Names.RequireTenant(credential.Tenant), credential.Token).Attach();
        using var limit = new CancellationTokenSource(atMost, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await call(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (SwarmRefusedException)
        {
            throw;
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or ObjectDisposedException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Disposed, or called off by the connection itself: the gateway was left for another one meanwhile.
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed is not null, _disposed!);
            string Describe(Exception last) => last switch
            {
                _ when limit.IsCancellationRequested => $"was not answered within {Duration.Format(atMost)}.",
                OperationCanceledException => "was called off with its connection.",
                _ => $"failed: {last.Message}",
            };

            throw new SwarmTransportException(
                $"The silos did not answer: an attempt may take {Duration.Format(atMost)}, and attempts are repeated for {Duration.Format(options.ControlTimeout)} "
                + $"({nameof(SwarmClientOptions.ControlTimeout)}). The last one {Describe(exception)} Whether the request took effect is not known; "
                + "repeating it is safe.",
                isTransient: true,
                exception);
        }
    }
}
