using Swarm.Client.Rehydration;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;

namespace Swarm.Client.InMemory;

/// <summary>One context in memory. Guarded by the lock of its store.</summary>
/// <param name="name">Context name.</param>
/// <param name="model">Its model.</param>
/// <param name="blockTokens">Positions of a block.</param>
/// <param name="tenantKey">Key of the tenant's block hashes.</param>
internal sealed class InMemoryContext(string name, ModelFingerprint model, int blockTokens, TenantKey tenantKey)
{
    private readonly List<KvRun> _kv = [];

    /// <summary>KV of whole steps.</summary>
    public readonly record struct KvRun(int First, int Count, byte[] Payload)
    {
        public int End => First + Count;
    }

    public string Name => name;

    public ModelFingerprint Model => model;

    public int BlockTokens => blockTokens;

    public InputHistory Inputs { get; } = new(new PrefixHasher(tenantKey, model, blockTokens));

    public Dictionary<string, NamedState> States { get; } = [];

    public NumericsHistory Numerics { get; set; } = NumericsHistory.Empty;

    public Epoch Epoch { get; set; }

    public string Holder { get; set; } = "";

    public string ReservedFor { get; set; } = "";

    /// <summary>Its handoff policy; <see langword="null"/>: none was given.</summary>
    public HandoffPolicy? Policy { get; set; }

    /// <summary>Whether a session has ever held it.</summary>
    public bool WasHeld { get; set; }

    /// <summary>The session that holds it; <see langword="null"/> where nobody does, or the holder's session was closed.</summary>
    public SessionState? Session { get; set; }

    /// <summary>When the last heartbeat came, where no session is open.</summary>
    public DateTimeOffset LastHeartbeat { get; set; }

    /// <summary>What it was forked from, and where.</summary>
    public (InMemoryContext Parent, int Position)? Fork { get; init; }

    /// <summary>Runs without holes, from position 0 on.</summary>
    public IReadOnlyList<KvRun> Kv => [.. _kv];

    public int KvEnd => _kv.Count == 0 ? 0 : _kv[^1].End;

    public Watermarks Durable => new(Inputs.Length, KvEnd);

    /// <summary>Adds KV, if all before it is there.</summary>
    public void AddKv(KvRun run)
    {
        if (run.First == KvEnd && run.End <= Inputs.Length)
        {
            _kv.Add(run);
        }
    }

    /// <summary>Forgets all positions from one on.</summary>
    public void CutTo(int length)
    {
        Inputs.Truncate(length);
        _kv.RemoveAll(run => run.End > length);
        Numerics = Numerics.CutTo(length);
        foreach (var state in States.Values.Where(state => state.Position > length).ToArray())
        {
            States.Remove(state.Name);
        }
    }

    /// <summary>A context that begins with this one's first positions.</summary>
    public InMemoryContext ForkAt(string child, int position, Epoch epoch, DateTimeOffset now)
    {
        var fork = new InMemoryContext(child, model, blockTokens, tenantKey) { Fork = (this, position), Epoch = epoch, LastHeartbeat = now, Numerics = Numerics, Policy = Policy };
        fork.Inputs.AppendRun(Inputs.Slice(0, int.MaxValue));
        fork._kv.AddRange(_kv);
        foreach (var (key, state) in States)
        {
            fork.States[key] = state;
        }

        fork.CutTo(position);
        return fork;
    }
}
