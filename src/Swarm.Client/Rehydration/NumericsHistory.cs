using Swarm.Format.Manifests;
using Swarm.Format.Objects;

namespace Swarm.Client.Rehydration;

/// <summary>Which numerics identities have computed a context, and from which position on. Immutable.</summary>
/// <remarks>
/// Kept as a state of Swarm's own, <see cref="NumericsCodec.StateName"/>, that is durable before any KV behind it. Each identity is there once, from
/// the first position on that it may have computed; where it stopped does not matter.
/// </remarks>
internal sealed class NumericsHistory
{
    private readonly IReadOnlyList<NumericsRun> _runs;

    private NumericsHistory(IReadOnlyList<NumericsRun> runs) => _runs = runs;

    /// <summary>Of an empty context.</summary>
    public static NumericsHistory Empty { get; } = new([]);

    /// <summary>Whether all that is known is that nothing is: then there is nothing to keep.</summary>
    public bool IsUnknown => _runs.All(run => run.Numerics.IsUnknown);

    /// <summary>Reads what is kept with a context.</summary>
    /// <param name="state">The state; <see langword="null"/> where there is none, as of a runtime that does not say, or where none has computed.</param>
    /// <param name="length">Positions of the context.</param>
    /// <param name="kvLength">Positions whose KV is durable: without a state, whether anything was computed.</param>
    /// <returns>The history; one that cannot be read counts as unknown.</returns>
    public static NumericsHistory Read(NamedState? state, long length, long kvLength)
    {
        if (length == 0 || (state is null && kvLength == 0))
        {
            return Empty;
        }

        try
        {
            return state is null
                ? new NumericsHistory([new NumericsRun(0, NumericsIdentity.Unknown)])
                : new NumericsHistory(NumericsCodec.Decode(state.Content)).CutTo(length);
        }
        catch (CorruptObjectException)
        {
            return new NumericsHistory([new NumericsRun(0, NumericsIdentity.Unknown)]);
        }
    }

    /// <summary>Identities whose bits may differ from one's.</summary>
    /// <param name="numerics">The one.</param>
    /// <returns>The others, by the position from which on they were at work.</returns>
    public IReadOnlyList<NumericsIdentity> OthersThan(NumericsIdentity numerics) =>
        [.. _runs.Where(run => !numerics.Matches(run.Numerics)).OrderBy(run => run.FirstPosition).Select(run => run.Numerics)];

    /// <summary>Forgets what was computed from a position on.</summary>
    public NumericsHistory CutTo(long length) => new([.. _runs.Where(run => run.FirstPosition < length)]);

    /// <summary>Adds an identity that computes from a position on.</summary>
    public NumericsHistory With(NumericsIdentity numerics, long firstPosition)
    {
        var first = _runs.Where(run => run.Numerics == numerics).Select(run => run.FirstPosition).Append(firstPosition).Min();
        List<NumericsRun> runs = [.. _runs.Where(run => run.Numerics != numerics), new NumericsRun(first, numerics)];
        if (runs.Count > NumericsCodec.MaxRuns)
        {
            // So many that one of them is not known any more: the oldest two become one that differs from all.
            runs.RemoveAll(run => run.Numerics.IsUnknown);
            runs.RemoveRange(0, Math.Max(0, runs.Count + 1 - NumericsCodec.MaxRuns));
            runs.Insert(0, new NumericsRun(0, NumericsIdentity.Unknown));
        }

        return new NumericsHistory(runs);
    }

    /// <summary>The state that keeps it.</summary>
    public NamedState ToState() => new(NumericsCodec.StateName, 0, NumericsCodec.Encode(_runs));
}
