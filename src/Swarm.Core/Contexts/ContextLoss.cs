using Swarm.Core.Identity;

namespace Swarm;

/// <summary>What a context lost with a segment of a log that was durable once and is missing now.</summary>
/// <param name="Writer">The writer whose log it was in.</param>
/// <param name="Sequence">The segment's number.</param>
/// <param name="Kept">Positions whose inputs were left when the context was opened again.</param>
/// <param name="Known">Positions that its inputs had reached, as far as what lies behind the segment tells; at least <paramref name="Kept"/>.</param>
/// <param name="IsCertain">
/// Whether something of this context was lost for certain. Otherwise nothing of it lies behind the segment: what was in the segment
/// is not known.
/// </param>
public sealed record ContextLoss(Id128 Writer, ulong Sequence, long Kept, long Known, bool IsCertain)
{
    /// <summary>In words, with the object in the store that ends this note when it is deleted.</summary>
    public override string ToString() =>
        $"log segment {Writer}/{Sequence:x16} was durable and is missing; "
        + (IsCertain
            ? Known > Kept ? $"inputs from position {Kept} to at least {Known - 1} are lost" : $"what followed position {Kept} is lost"
            : $"inputs behind position {Kept} may be lost")
        + $". Segments behind it are kept until damage/{Writer}/{Sequence:x16} is deleted";
}
