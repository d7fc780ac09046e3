using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Segments;

namespace Swarm.Storage.State;

/// <summary>A context as its durable records say: a root, folded with records in log order. Lives on the store's loop.</summary>
internal sealed class DurableContext(ContextRoot root, InputTable inputs, ExtentTable extents)
{
    private readonly SortedDictionary<string, NamedState> _states = new(StringComparer.Ordinal);

    /// <summary>Who may append.</summary>
    public Ownership Ownership { get; private set; } =
        new(root.Epoch, root.Holder, root.ReservedFor, root.SecretHash);

    /// <summary>Epoch in force.</summary>
    public Epoch Epoch => Ownership.Epoch;

    /// <summary>What it lost with log segments.</summary>
    public LossWatch Losses { get; } = new(root.Loss);

    /// <summary>Inputs.</summary>
    public InputTable Inputs { get; } = inputs;

    /// <summary>KV extents.</summary>
    public ExtentTable Extents { get; } = extents;

    /// <summary>Latest states, by name.</summary>
    public IReadOnlyCollection<NamedState> States => _states.Values;

    /// <summary>Changes with every change of a state.</summary>
    public int StatesVersion { get; private set; }

    /// <summary>Pages written last, and what they hold.</summary>
    public (PageMark Mark, PageSet Pages)? Written { get; set; }

    /// <summary>What pages written now would hold.</summary>
    public PageMark Mark => new(Inputs.Length, Inputs.Version, Extents.Length, Extents.Version, StatesVersion);

    /// <summary>Watermarks.</summary>
    public Watermarks Watermarks => new(Inputs.Length, Extents.Length);

    /// <summary>Takes over states read from a page.</summary>
    public void LoadStates(IEnumerable<NamedState> states)
    {
        foreach (var state in states)
        {
            _states[state.Name] = state;
        }
    }

    /// <summary>Whether a record counts in a fold (protocol, rule 10): of the incarnation, at the end, of a fitting epoch.</summary>
    public bool Fits(LogRecord record, Id128 incarnationId, ProtocolRules rules) => Fits(record, incarnationId, Epoch, Watermarks, rules);

    /// <summary>The same for a context of which no more is known than how far it has come.</summary>
    public static bool Fits(LogRecord record, Id128 incarnationId, Epoch epoch, Watermarks lengths, ProtocolRules rules) =>
        record.IncarnationId == incarnationId && record switch
        {
            TokensRecord tokens => tokens.Epoch == epoch && tokens.Position == lengths.Tokens,
            KvRecord kv => kv.Epoch == epoch && kv.Position == lengths.Kv && kv.Position + kv.Count <= lengths.Tokens,
            StateRecord state => state.Epoch == epoch && state.Position <= lengths.Tokens,
            EpochRecord next => next.Epoch == epoch.Next,
            TruncateRecord truncate =>
                truncate.Epoch == (rules.RewindRaisesEpoch ? epoch.Next : epoch) && truncate.Length <= lengths.Tokens,
            _ => false,
        };

    /// <summary>Applies a record that fits. For a rewind, the pages that it cuts must have been loaded.</summary>
    public void Apply(LogRecord record)
    {
        switch (record)
        {
            case TokensRecord tokens:
                Inputs.Append(tokens.Tokens.Span, tokens.Steps.Span);
                break;
            case KvRecord kv:
                Extents.Append(new KvExtent(kv.Position, kv.Count, kv.Count, kv.Epoch, kv.PrefixHash, kv.Payload));
                break;
            case StateRecord state:
                _states[state.Name] = new NamedState(state.Name, state.Position, state.Content);
                StatesVersion++;
                break;
            case EpochRecord epoch:
                Ownership = new Ownership(epoch.Epoch, epoch.Agent, epoch.ReservedFor, epoch.SecretHash);
                break;
            case TruncateRecord truncate:
                Ownership = Ownership with { Epoch = truncate.Epoch, SecretHash = truncate.SecretHash };
                Inputs.Truncate(truncate.Length);
                Extents.Truncate(truncate.KvLength);
                Extents.FillTo(truncate.KvLength, truncate.IncarnationId);
                ForgetStatesBehind(truncate.Length);
                break;
            default:
                throw new InvalidOperationException($"A {record.Type} record cannot be applied.");
        }
    }

    /// <summary>Cuts it back to its first positions, without an epoch change. The pages that this cuts must have been loaded.</summary>
    /// <remarks>KV of a step that is cut is left out: whoever computes the rest of that step anew would get other bits.</remarks>
    public void CutTo(long length, Func<PrefixHasher> newHasher)
    {
        var step = Inputs.FloorToStep(length);
        Inputs.Truncate(length);
        Extents.CutToStep(step, () => Inputs.HasherAt(newHasher(), step).Current());
        ForgetStatesBehind(length);
    }

    /// <summary>Gives up all states but that which tells of the KV, and goes where it goes.</summary>
    public void ForgetStates()
    {
        foreach (var name in _states.Keys.Where(name => name != NumericsCodec.StateName).ToArray())
        {
            _states.Remove(name);
        }

        StatesVersion++;
    }

    /// <summary>Makes every reference one from outside of a context: the state goes to a fork of it.</summary>
    public void ShareWith(ContextId owner)
    {
        Inputs.ShareWith(owner);
        Extents.ShareWith(owner);
        Written = null;
    }

    private void ForgetStatesBehind(long length)
    {
        foreach (var state in _states.Values.Where(state => state.Position > length).ToArray())
        {
            _states.Remove(state.Name);
        }

        StatesVersion++;
    }
}
