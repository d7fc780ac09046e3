using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Grains.Fleet;

/// <summary>Looks after the holders of the contexts that are open on this silo, and tells their fleets: who holds what, and who is not heard of any more.</summary>
/// <remarks>While no agent of a tenant has joined, its contexts cost one call a second, for all of them together.</remarks>
internal sealed class HolderWatch(IGrainFactory grains, TimeProvider timeProvider, ILogger<HolderWatch> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _fleetPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _fleetMemory = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _askTime = TimeSpan.FromSeconds(2); // The fleet's silo may be gone, which Orleans notices late.
    private static readonly TimeSpan _repeatPeriod = TimeSpan.FromSeconds(1); // Of a need that is not met, and of lengths.
    private const int RestsPerLook = 10; // A silo with very many contexts looks less often: a look takes a tenth of the time at most.

    private readonly ConcurrentDictionary<string, TenantContexts> _tenants = new(StringComparer.Ordinal);
    private readonly Guid _silo = Guid.NewGuid();
    private readonly SemaphoreSlim _poked = new(0, 1);
    private volatile bool _hasMembers;
    private TimeSpan _next; // Until a holder's time to connect again is over.
    private TimeSpan _worked; // What the last look took of the processor; waiting for a fleet is no work.

    /// <summary>Begins to look after a context.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="context">Context name.</param>
    /// <param name="open">The open context.</param>
    public void Add(string tenant, string context, IOpenContext open)
    {
        if (CallCredential.Current is { } credential)
        {
            var contexts = _tenants.GetOrAdd(tenant, static (_, now) => new TenantContexts { HadMembersAt = now }, timeProvider.GetTimestamp());
            contexts.Credential = new StrongCredential(credential);
            contexts.Open[context] = new Watched(open);
        }
    }

    /// <summary>Looks after a context no more: it is not open here.</summary>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="context">Context name.</param>
    /// <param name="isIdle">Whether nobody wanted it for long. Otherwise its fleet has it opened again, where it has to look after it.</param>
    public void Remove(string tenant, string context, bool isIdle)
    {
        if (_tenants.TryGetValue(tenant, out var contexts) && contexts.Open.TryRemove(context, out var watched) && HadMembers(contexts))
        {
            var note = ContextNotes.Of(context, watched.Open.Status, watched.WasHeld, timeProvider.GetUtcNow());
            contexts.Closed.Enqueue(new DirectoryEntry(context, isIdle || !ContextNotes.IsWanted(note) ? null : Guid.Empty));
        }
    }

    /// <summary>A context was acquired here, or released: looks at once.</summary>
    public void Changed(string tenant, string context)
    {
        if (_tenants.TryGetValue(tenant, out var contexts) && contexts.Open.TryGetValue(context, out var watched))
        {
            watched.WasHeld = true;
        }

        if (_hasMembers && _poked.CurrentCount == 0)
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

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var poked = _poked.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            (_next, _worked) = (_fleetPeriod, TimeSpan.Zero);
            await LookAsync();
            var rest = _hasMembers ? _worked * RestsPerLook : _fleetPeriod;
            var pause = Shorter(Shorter(rest < _period ? _period : rest, _fleetPeriod), _next);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await Task.WhenAny(poked, Task.Delay(pause, timeProvider, over.Token));
            await over.CancelAsync();
            poked = poked.IsCompleted ? _poked.WaitAsync(stoppingToken) : poked; // One at a time: a poke wakes who waits longest.
        }
    }

    /// <summary>Whether a tenant has a fleet: one whose grain was just lost has no members, until they tell the next activation of themselves.</summary>
    private bool HadMembers(TenantContexts contexts) => contexts.HasMembers || timeProvider.GetElapsedTime(contexts.HadMembersAt) < _fleetMemory;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private async Task LookAsync()
    {
        var hasMembers = false;
        foreach (var (tenant, contexts) in _tenants)
        {
            if (contexts.Open.IsEmpty && contexts.Closed.IsEmpty && contexts.Elsewhere.Count == 0)
            {
                continue;
            }

            contexts.Credential!.Value.Attach();
            var fleet = grains.GetGrain<IFleetGrain>(GrainKeys.FleetOf(tenant));
            try
            {
                await AskAsync(contexts, fleet);
                if (contexts.HasMembers)
                {
                    hasMembers = _hasMembers = true;
                    contexts.HadMembersAt = timeProvider.GetTimestamp();
                    await TellAsync(tenant, contexts, fleet);
                }
                else if (!HadMembers(contexts))
                {
                    contexts.Closed.Clear(); // There is nobody to tell.
                }
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                hasMembers |= contexts.HasMembers;
                GrainsLog.FleetNotTold(logger, tenant, exception.Message); // As while the silo starts or stops. The next round tells it.
            }
        }

        _hasMembers = hasMembers;
    }

    /// <summary>Asks a fleet now and then whether there is anybody to tell something.</summary>
    private async Task AskAsync(TenantContexts contexts, IFleetGrain fleet)
    {
        if (contexts.Asked is { } asked && timeProvider.GetElapsedTime(asked) < _fleetPeriod)
        {
            return;
        }

        FleetState state;
        do
        {
            state = await fleet.GetStateAsync(_silo, contexts.Activation, contexts.Version).WaitAsync(_askTime, timeProvider);
            if (contexts.Activation != state.Activation || (state.HasMembers && !contexts.HasMembers))
            {
                foreach (var watched in contexts.Open.Values)
                {
                    watched.Told = null; // It has forgotten all of them, or never knew them.
                }
            }

            if (contexts.Activation != state.Activation && contexts.Elsewhere.Count > 0)
            {
                await fleet.RememberAsync([.. contexts.Elsewhere.Select(pair => new DirectoryEntry(
                    pair.Key, pair.Value == _silo && !contexts.Open.ContainsKey(pair.Key) ? Guid.Empty : pair.Value))]).WaitAsync(_askTime, timeProvider);
            }

            contexts.Copy(state);
        }
        while (state.Changes.Length == FleetDirectory.MaxChanges);
        contexts.Asked = timeProvider.GetTimestamp();
    }

    private async Task TellAsync(string tenant, TenantContexts contexts, IFleetGrain fleet)
    {
        var started = timeProvider.GetTimestamp();
        var now = timeProvider.GetUtcNow();
        List<(Watched Watched, ContextNote Note)> notes = [];
        foreach (var (context, watched) in contexts.Open)
        {
            if (watched.Open.Closed.IsCancellationRequested)
            {
                Remove(tenant, context, isIdle: false);
                continue;
            }

            var status = watched.Open.Status;
            watched.WasHeld |= status.Holder.Length > 0;
            var note = ContextNotes.Of(context, status, watched.WasHeld, now);
            if (note is { Need: HandoffNeed.None, Holder.Length: > 0, Policy.IsOffered: true } && status.ConnectionLost is { } lost)
            {
                _next = Shorter(_next, lost + note.Policy.ReconnectGrace - now); // To the millisecond: somebody's next token waits for it.
            }

            if (watched.Told is { } told && told.Epoch == note.Epoch && told.Need == note.Need && told.ReservedFor == note.ReservedFor && told.Policy == note.Policy
                && (now - watched.ToldAt < _repeatPeriod || (note.Need == HandoffNeed.None && told.Tokens == note.Tokens)))
            {
                continue;
            }

            notes.Add((watched, note));
        }

        List<DirectoryEntry> closed = [];
        while (contexts.Closed.TryDequeue(out var entry))
        {
            if (!contexts.Open.ContainsKey(entry.Context))
            {
                closed.Add(entry);
            }
        }

        _worked += timeProvider.GetElapsedTime(started);
        if (notes.Count > 0 || closed.Count > 0)
        {
            try
            {
                await fleet.NoteContextsAsync(_silo, [.. notes.Select(item => item.Note)], [.. closed]).WaitAsync(_askTime, timeProvider);
            }
            catch
            {
                closed.ForEach(contexts.Closed.Enqueue); // Nobody else tells of them.
                throw;
            }
        }

        foreach (var (watched, note) in notes)
        {
            (watched.Told, watched.ToldAt) = (note, now); // Not before: what was not heard is told again.
        }
    }

    /// <summary>A credential that is replaced as a whole.</summary>
    private sealed record StrongCredential(CallCredential Value);

    /// <summary>What a tenant has here, and what is known of its fleet.</summary>
    private sealed class TenantContexts
    {
        public ConcurrentDictionary<string, Watched> Open { get; } = new(StringComparer.Ordinal);

        public ConcurrentQueue<DirectoryEntry> Closed { get; } = new();

        /// <summary>As it came with the last call that opened a context.</summary>
        public StrongCredential? Credential { get; set; }

        public bool HasMembers { get; private set; }

        /// <summary>When the fleet had members last, or this silo its first context of the tenant, as a timestamp.</summary>
        public long HadMembersAt { get; set; }

        public Guid Activation { get; private set; }

        /// <summary>Where the fleet's contexts are open, for the activation after the one that knows it.</summary>
        public Dictionary<string, Guid> Elsewhere { get; } = new(StringComparer.Ordinal);

        /// <summary>Version of that.</summary>
        public long Version { get; private set; }

        public long? Asked { get; set; }

        /// <summary>Takes in what the fleet told.</summary>
        public void Copy(FleetState state)
        {
            (HasMembers, Activation, Version) = (state.HasMembers, state.Activation, state.Version);
            if (state.IsWhole)
            {
                Elsewhere.Clear();
            }

            foreach (var (context, silo) in state.Changes)
            {
                if (silo is { } known)
                {
                    Elsewhere[context] = known;
                }
                else
                {
                    Elsewhere.Remove(context);
                }
            }
        }
    }

    private sealed class Watched(IOpenContext open)
    {
        public IOpenContext Open => open;

        public ContextNote? Told { get; set; }

        public DateTimeOffset ToldAt { get; set; }

        public bool WasHeld { get; set; }
    }
}
