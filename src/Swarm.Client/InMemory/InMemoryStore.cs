using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.InMemory;

/// <summary>All contexts of a swarm in memory, and who holds them. Thread-safe.</summary>
/// <param name="timeProvider">The clock.</param>
internal sealed class InMemoryStore(TimeProvider timeProvider)
{
    private readonly Dictionary<(string Tenant, string Name), InMemoryContext> _contexts = [];
    private readonly Dictionary<(string Tenant, string Name), Epoch> _erased = [];
    private readonly Dictionary<string, TenantKey> _keys = [];
    private readonly Dictionary<string, InMemoryFleet> _fleets = [];

    /// <summary>Guards all contexts. Never held while a model computes.</summary>
    public Lock Lock { get; } = new();

    /// <summary>Fires when a context changes hands, or its holder's session ends.</summary>
    public Pulse Changed { get; } = new();

    /// <summary>Fires when inputs, states or KV were added to a context.</summary>
    public Pulse Grown { get; } = new();

    public TimeProvider TimeProvider => timeProvider;

    /// <summary>Finds a context.</summary>
    /// <exception cref="SwarmRefusedException">There is none.</exception>
    public InMemoryContext Require(string tenant, string name)
    {
        Names.RequireContext(name);
        lock (Lock)
        {
            return Find(tenant, name) ?? throw new SwarmRefusedException(new Refusal(
                RefusalCode.NotFound, $"Tenant '{tenant}' has no context '{name}'. OpenAsync makes it, and so does OpenOrTakeOverAsync."));
        }
    }

    /// <summary>The fleet of a tenant.</summary>
    public InMemoryFleet FleetOf(string tenant)
    {
        lock (Lock)
        {
            return _fleets.TryGetValue(tenant, out var fleet) ? fleet : _fleets[tenant] = new InMemoryFleet(this, tenant);
        }
    }

    /// <summary>The contexts of a tenant, and whether somebody has held them.</summary>
    public IReadOnlyList<(string Name, ContextStatus Status, bool WasHeld)> StatusesOf(string tenant)
    {
        lock (Lock)
        {
            return [.. _contexts.Where(pair => pair.Key.Tenant == tenant).Select(pair => (pair.Key.Name, StatusOf(pair.Value), pair.Value.WasHeld))];
        }
    }

    /// <summary>The state of a context, as a silo sees it.</summary>
    public ContextStatus StatusOf(InMemoryContext context)
    {
        lock (Lock)
        {
            return new ContextStatus(
                context.Epoch, context.Holder, context.ReservedFor, context.Durable, context.Model, context.BlockTokens, Now - HeartbeatAge(context))
            {
                Policy = context.Policy,
            };
        }
    }

    /// <summary>How many contexts an agent holds.</summary>
    public int HeldBy(string agent)
    {
        lock (Lock)
        {
            return _contexts.Values.Count(context => context.Holder == agent);
        }
    }

    public ContextInfo Describe(InMemoryContext context)
    {
        lock (Lock)
        {
            return new ContextInfo(
                context.Epoch, context.Holder, context.ReservedFor, context.Durable, context.Model, HeartbeatAge(context));
        }
    }

    /// <summary>Acquires a context for a session, as a silo does.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <returns>The context and the session's state.</returns>
    /// <exception cref="ContextOwnedException">A session holds it, or it was released for another agent.</exception>
    /// <exception cref="SwarmRefusedException">There is none and none may be made, or it is of another model.</exception>
    public (InMemoryContext Context, SessionState Session) Acquire(string tenant, AcquireContext request)
    {
        SessionState? previous;
        (InMemoryContext, SessionState) acquired;
        Refusal stale;
        lock (Lock)
        {
            if (!request.MayCreate)
            {
                Require(tenant, request.Context);
            }

            var context = Find(tenant, request.Context) ?? Add(
                tenant, new InMemoryContext(request.Context, request.Model.ComputeFingerprint(), request.BlockTokens, KeyOf(tenant))
                {
                    Epoch = LastEpoch(tenant, request.Context),
                    LastHeartbeat = Now,
                });
            var now = Now;
            if (AcquireDecision.Decide(StatusOf(context), request, now) is { } refusal)
            {
                throw refusal.ToException();
            }

            previous = context.Session;
            context.Epoch = context.Epoch.Next;
            (context.Holder, context.ReservedFor, context.WasHeld) = (request.Agent, "", true);
            context.Session = new SessionState(context.Epoch, context.Durable);
            (acquired, stale) = ((context, context.Session), Stale(context));
        }

        previous?.Fence(stale); // Not under the lock: it calls whoever waits for it.
        Changed.Fire();
        return acquired;
    }

    /// <summary>Makes sure that a session still holds its context.</summary>
    /// <exception cref="StaleEpochException">It does not.</exception>
    public static void RequireHolder(InMemoryContext context, SessionState session)
    {
        session.ThrowIfOver();
        if (context.Session != session)
        {
            throw new StaleEpochException(Stale(context));
        }
    }

    /// <summary>Gives a context back.</summary>
    /// <exception cref="StaleEpochException">The session does not hold it.</exception>
    public void Release(InMemoryContext context, SessionState session, string to)
    {
        lock (Lock)
        {
            RequireHolder(context, session);
            context.Epoch = context.Epoch.Next;
            (context.Holder, context.ReservedFor, context.Session, context.LastHeartbeat) = ("", to, null, Now);
            session.Release();
            Changed.Fire();
        }
    }

    /// <summary>A session ends. It holds its context on, without heartbeats.</summary>
    public void Close(InMemoryContext context, SessionState session)
    {
        lock (Lock)
        {
            session.End();
            if (context.Session == session)
            {
                (context.Session, context.LastHeartbeat) = (null, Now);
            }

            Changed.Fire();
        }
    }

    /// <summary>Makes a context of another one's beginning.</summary>
    public Forked Fork(string tenant, string parentName, string name, long? position)
    {
        Names.RequireContext(name);
        lock (Lock)
        {
            var parent = Require(tenant, parentName);
            var length = position ?? parent.Inputs.Length;
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(position));
            if (Find(tenant, name) is { } found)
            {
                return found.Fork is { } fork && fork.Parent.Name == parentName && (position is null || position == fork.Position)
                    ? new Forked(false, fork.Position)
                    : throw new SwarmRefusedException(new Refusal(
                        RefusalCode.Invalid,
                        $"Context '{name}' exists: it cannot become the fork of '{parentName}' at {position?.ToString() ?? "its end"}. "
                        + "Choose another name, or erase it first."));
            }

            if (length > parent.Inputs.Length)
            {
                throw new AppendGapException(new Refusal(
                    RefusalCode.Gap,
                    $"Context '{parentName}' has {parent.Inputs.Length} durable positions, so '{name}' cannot be made from it at position {length}. "
                    + $"Fork at 0 to {parent.Inputs.Length}, or wait until its agent has flushed more.",
                    Position: parent.Inputs.Length));
            }

            Add(tenant, parent.ForkAt(name, (int)length, FirstEpoch(tenant, name, parent), Now));
            return new Forked(true, length);
        }
    }

    /// <summary>Makes a new context of the longest beginning that another one has computed: whole steps of it over whole blocks.</summary>
    public void ShareBeginning(string tenant, string name, ModelFingerprint model, int blockTokens, ReadOnlySpan<int> prompt)
    {
        lock (Lock)
        {
            if (prompt.IsEmpty || Find(tenant, name) is not null)
            {
                return;
            }

            InMemoryContext? best = null;
            var length = 0;
            foreach (var ((owner, _), other) in _contexts)
            {
                if (owner == tenant && other.Model == model && other.BlockTokens == blockTokens)
                {
                    var common = Math.Min(other.Inputs.CommonLength(prompt[..^1]), other.KvEnd);
                    var whole = other.Inputs.FloorToStep(common - (common % blockTokens));
                    (best, length) = whole > length ? (other, whole) : (best, length);
                }
            }

            if (best is not null)
            {
                var made = Add(tenant, best.ForkAt(name, length, FirstEpoch(tenant, name, best), Now));
                made.States.Clear(); // Shared by somebody who does not know of it.
                made.Policy = null;
            }
        }
    }

    /// <summary>Forgets a context. Whoever holds it is fenced.</summary>
    public bool Erase(string tenant, string name)
    {
        Names.RequireContext(name);
        SessionState? session;
        Refusal stale;
        lock (Lock)
        {
            if (!_contexts.Remove((tenant, name), out var context))
            {
                return false;
            }

            _erased[(tenant, name)] = context.Epoch;
            (session, context.Session) = (context.Session, null);
            stale = new Refusal(RefusalCode.NotFound, $"Context '{name}' was erased.");
        }

        session?.Fence(stale);
        Changed.Fire();
        return true;
    }

    private DateTimeOffset Now => timeProvider.GetUtcNow();

    private InMemoryContext? Find(string tenant, string name) => _contexts.GetValueOrDefault((tenant, name));

    /// <summary>Epochs of a name never go back: an erased context's session stays fenced where one of that name is made anew.</summary>
    private Epoch LastEpoch(string tenant, string name) => _erased.GetValueOrDefault((tenant, name));

    private Epoch FirstEpoch(string tenant, string name, InMemoryContext parent) =>
        LastEpoch(tenant, name) is var last && last > parent.Epoch ? last : parent.Epoch;

    private InMemoryContext Add(string tenant, InMemoryContext context) => _contexts[(tenant, context.Name)] = context;

    private TenantKey KeyOf(string tenant) =>
        _keys.TryGetValue(tenant, out var key) ? key : _keys[tenant] = TenantKey.Create();

    private TimeSpan HeartbeatAge(InMemoryContext context) => context.Session is null ? Now - context.LastHeartbeat : TimeSpan.Zero;

    private static Refusal Stale(InMemoryContext context) => new(
        RefusalCode.StaleEpoch,
        $"Another session holds context '{context.Name}': its epoch is {context.Epoch} now. Open it again, or take it over.",
        context.Epoch);
}
