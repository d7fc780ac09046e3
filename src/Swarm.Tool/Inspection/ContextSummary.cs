using System.Collections.Immutable;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage;
using Swarm.Storage.State;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Inspection;

/// <summary>How far a context has come and who holds it: its root, folded with its log, without what it holds.</summary>
/// <param name="id">The context.</param>
/// <param name="rootName">Name of its root.</param>
internal sealed class ContextSummary(ContextId id, string rootName)
{
    private LossWatch _losses = new(null);
    private Id128 _incarnationId;

    /// <summary>The context.</summary>
    public ContextId Id { get; } = id;

    /// <summary>Name of its root.</summary>
    public string RootName { get; } = rootName;

    /// <summary>ETag of the root that was folded; <see langword="null"/> when there is none any more, or it is damaged.</summary>
    public string? ETag { get; private set; }

    /// <summary>Its tenant.</summary>
    public string Tenant { get; private set; } = "";

    /// <summary>Its name.</summary>
    public string Name { get; private set; } = "";

    /// <summary>State of its root.</summary>
    public RootState State { get; private set; }

    /// <summary>Epoch in force.</summary>
    public Epoch Epoch { get; private set; }

    /// <summary>Who may append; empty for nobody.</summary>
    public string Holder { get; private set; } = "";

    /// <summary>Positions that are durable.</summary>
    public Watermarks Lengths { get; private set; }

    /// <summary>Where its log goes on behind the root, in order.</summary>
    public ImmutableArray<LogPosition> Tails { get; private set; } = [];

    /// <summary>How many of the <see cref="Tails"/> are folded.</summary>
    public int Folded { get; set; }

    /// <summary>The tail to fold next; <see langword="null"/> when all are, or there is nothing to fold into.</summary>
    public LogPosition? NextTail => State == RootState.Ready && Folded < Tails.Length ? Tails[Folded] : null;

    /// <summary>What is wrong with its root or its log; <see langword="null"/> when nothing is.</summary>
    public string? Problem { get; set; }

    /// <summary>What it lost with segments of its log: behind its root, or before that and noted in the store; <see langword="null"/>: nothing.</summary>
    public ContextLoss? Loss => _losses.Loss;

    /// <summary>Begins anew with a root.</summary>
    /// <param name="root">The root.</param>
    /// <param name="etag">Its ETag.</param>
    /// <param name="noted">What it says was lost, if that is noted in the store still.</param>
    public void Load(ContextRoot root, string etag, ContextLoss? noted)
    {
        (ETag, Folded, _incarnationId) = (etag, 0, root.IncarnationId);
        (Tenant, Name, State, Tails) = (root.Tenant, root.Name, root.State, [.. root.Tails]);
        (Epoch, Holder) = (root.Epoch, root.Holder);
        Lengths = new Watermarks(root.TokenLength, root.KvLengths.DefaultIfEmpty().Min());
        _losses = new LossWatch(noted);
        Problem = noted is null ? null : Missing(noted.Writer, noted.Sequence);
    }

    /// <summary>Begins anew without a root.</summary>
    /// <param name="problem">What is wrong with it; <see langword="null"/> where it is gone.</param>
    public void Unload(string? problem) => (ETag, Problem, Tails, Folded, _losses) = (null, problem, [], 0, new LossWatch(null));

    /// <summary>Goes on behind a segment of its log that was durable and is missing.</summary>
    public void Miss(LogPosition lost)
    {
        Problem ??= Missing(lost.Writer, lost.Sequence);
        _losses.Miss(lost, Lengths.Tokens);
    }

    /// <summary>Folds a record of its log in, if that counts.</summary>
    public void Fold(LogRecord record)
    {
        if (record.IncarnationId != _incarnationId)
        {
            return;
        }

        var fits = DurableContext.Fits(record, _incarnationId, Epoch, Lengths, ProtocolRules.All);
        _losses.See(record, fits, Lengths.Tokens, Epoch);
        if (!fits)
        {
            return;
        }

        switch (record)
        {
            case TokensRecord tokens:
                Lengths = Lengths with { Tokens = Lengths.Tokens + tokens.Tokens.Length };
                break;
            case KvRecord kv:
                Lengths = Lengths with { Kv = Lengths.Kv + kv.Count };
                break;
            case EpochRecord epoch:
                (Epoch, Holder) = (epoch.Epoch, epoch.Agent);
                break;
            case TruncateRecord truncate:
                (Epoch, Lengths) = (truncate.Epoch, new Watermarks(truncate.Length, truncate.KvLength));
                break;
        }
    }

    private static string Missing(Id128 writer, ulong sequence) => $"{BlobNames.Log(writer, sequence)}: {TailFolder.Lost}";
}
