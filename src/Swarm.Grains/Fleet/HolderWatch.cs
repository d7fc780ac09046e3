using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Grains.Fleet;

/// <summary>Looks after the holders of the contexts that are open on this silo, and tells their fleets: who holds what, and who is not heard of any more.</summary>
/// <remarks>While no agent of a tenant has joined, its contexts cost one call a second for all of them.</remarks>
internal sealed class HolderWatch(IGrainFactory grains, TimeProvider timeProvider, ILogger<HolderWatch> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _fleetPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _repeatPeriod = TimeSpan.FromSeconds(1); // Of a need that is not met, and of lengths.

    private readonly ConcurrentDictionary<(string Tenant, string Context), Watched> _contexts = new();
    private readonly ConcurrentDictionary<(string Tenant, string Context), CallCredential> _closed = new();
    private readonly Dictionary<string, ToldFleet> _fleets = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _poked = new(0, 1);
    private TimeSpan _wait; // Until it looks again.

    /// <summary>Begins to look after a context.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="context">Context name.</param>
    /// <param name="open">The open context.</param>
    public void Add(string tenant, string context, IOpenContext open)
    {
        if (CallCredential.Current is { } credential)
        {
            _contexts[(tenant, context)] = new Watched(open, credential);
            _closed.TryRemove((tenant, context), out _);
        }
    }

    /// <summary>Looks after a context no more: it is not open here.</summary>
    public void Remove(string tenant, string context)
    {
        if (_contexts.TryRemove((tenant, context), out var watched))
        {
            _closed[(tenant, context)] = watched.Credential;
        }
    }

    /// <summary>Something has changed: looks at once.</summary>
    public void Poke()
    {
        if (_poked.CurrentCount == 0)
        {
            try
            {
                _poked.Release();
            }
            catch (SemaphoreFullException)
            {
                // Somebody else has.
            }
        }
    }

    /// <summary>What a fleet is told of a context.</summary>
    public static ContextNote Describe(string context, ContextStatus status, HandoffNeed need, TimeSpan since) => new(
        context,
        status.Epoch.Value,
        status.Holder,
        status.ReservedFor,
        status.Model.Value,
        status.Durable.Tokens,
        status.Policy ?? HandoffPolicy.Default,
        need,
        Math.Max(0, since.TotalSeconds));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var poked = _poked.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            _wait = _contexts.IsEmpty ? _fleetPeriod : _period;
            try
            {
                await LookAsync();
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                GrainsLog.FleetNotTold(logger, exception.Message); // As while the silo starts or stops. The next round tells it.
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await Task.WhenAny(poked, Task.Delay(_wait, timeProvider, over.Token));
            await over.CancelAsync();
            poked = poked.IsCompleted ? _poked.WaitAsync(stoppingToken) : poked; // One at a time: a poke wakes who waits longest.
        }
    }

    private async Task LookAsync()
    {
        foreach (var tenant in _contexts.Keys.Concat(_closed.Keys).Select(key => key.Tenant).Distinct().ToArray())
        {
            var credential = _contexts.Where(pair => pair.Key.Tenant == tenant).Select(pair => pair.Value.Credential)
                .Concat(_closed.Where(pair => pair.Key.Tenant == tenant).Select(pair => pair.Value)).FirstOrDefault();
            credential.Attach();
            var fleet = grains.GetGrain<IFleetGrain>(GrainKeys.FleetOf(tenant));
            if (await HasMembersAsync(tenant, fleet))
            {
                await TellAsync(tenant, fleet);
            }

            foreach (var key in _closed.Keys.Where(key => key.Tenant == tenant))
            {
                _closed.TryRemove(key, out _);
            }
        }
    }

    private async Task<bool> HasMembersAsync(string tenant, IFleetGrain fleet)
    {
        var now = timeProvider.GetTimestamp();
        if (_fleets.TryGetValue(tenant, out var known) && timeProvider.GetElapsedTime(known.Asked, now) < _fleetPeriod)
        {
            return known.HasMembers;
        }

        var state = await fleet.GetStateAsync();
        if (known is null || known.Activation != state.Activation || (state.HasMembers && !known.HasMembers))
        {
            foreach (var (key, watched) in _contexts)
            {
                watched.Told = key.Tenant == tenant ? null : watched.Told; // It has forgotten all of them, or never knew them.
            }
        }

        _fleets[tenant] = new ToldFleet(state.HasMembers, state.Activation, now);
        return state.HasMembers;
    }

    private async Task TellAsync(string tenant, IFleetGrain fleet)
    {
        var now = timeProvider.GetUtcNow();
        List<(Watched Watched, ContextNote Note)> notes = [];
        foreach (var ((owner, context), watched) in _contexts)
        {
            if (owner != tenant)
            {
                continue;
            }

            if (watched.Open.Closed.IsCancellationRequested)
            {
                Remove(tenant, context);
                continue;
            }

            var status = watched.Open.Status;
            watched.WasHeld |= status.Holder.Length > 0;
            var (need, since) = NeedOf(status, status.Policy is not null || watched.WasHeld, now);
            var note = Describe(context, status, need, since);
            if (need == HandoffNeed.None && status.Holder.Length > 0 && status.ConnectionLost is { } lost && note.Policy.IsOffered)
            {
                var left = lost + note.Policy.ReconnectGrace - now;
                _wait = left < _wait ? left : _wait; // To the millisecond: somebody's next token waits for it.
            }

            if (need == HandoffNeed.Released && since >= note.Policy.HolderSilence)
            {
                note = note with { ReservedFor = "" }; // Whoever was to have it did not come: it is everybody's.
            }

            if (watched.Told is not { } told || told.Epoch != note.Epoch || told.Need != note.Need || told.ReservedFor != note.ReservedFor || told.Policy != note.Policy
                || now - watched.ToldAt >= (need == HandoffNeed.None && told.Tokens == note.Tokens ? TimeSpan.MaxValue : _repeatPeriod))
            {
                notes.Add((watched, note));
            }
        }

        string[] closed = [.. _closed.Keys.Where(key => key.Tenant == tenant).Select(key => key.Context)];
        if (notes.Count > 0 || closed.Length > 0)
        {
            await fleet.NoteContextsAsync([.. notes.Select(item => item.Note)], closed);
        }

        foreach (var (watched, note) in notes)
        {
            (watched.Told, watched.ToldAt) = (note, now); // Not before: what was not heard is told again.
        }
    }

    private static (HandoffNeed Need, TimeSpan Since) NeedOf(ContextStatus status, bool wantsHolder, DateTimeOffset now)
    {
        var policy = status.Policy ?? HandoffPolicy.Default;
        var silence = now - status.LastHeartbeat;
        if (!policy.IsOffered)
        {
            return (HandoffNeed.None, default);
        }

        if (status.Holder.Length == 0)
        {
            return (wantsHolder && status.Epoch.Value > 0 ? HandoffNeed.Released : HandoffNeed.None, silence);
        }

        if (status.ConnectionLost is { } lost && now - lost >= policy.ReconnectGrace)
        {
            return (HandoffNeed.ConnectionLost, now - lost);
        }

        return silence >= policy.HolderSilence ? (HandoffNeed.Silent, silence) : (HandoffNeed.None, default);
    }

    private sealed record ToldFleet(bool HasMembers, Guid Activation, long Asked);

    private sealed class Watched(IOpenContext open, CallCredential credential)
    {
        public IOpenContext Open => open;

        public CallCredential Credential => credential;

        public ContextNote? Told { get; set; }

        public DateTimeOffset ToldAt { get; set; }

        public bool WasHeld { get; set; }
    }
}
