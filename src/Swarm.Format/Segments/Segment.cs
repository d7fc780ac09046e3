using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>Index of a segment: all of it but the KV payload. Alone enough to recover.</summary>
/// <param name="Writer">The writer whose log it is in.</param>
/// <param name="Sequence">Its number there, from 0.</param>
/// <param name="Nonce">Fresh for each attempt's content, so that a writer knows its own.</param>
/// <param name="IsSeal">Whether it ends the log; then it has no records.</param>
/// <param name="Records">Records in the order of the appends.</param>
public sealed record Segment(
    Id128 Writer, ulong Sequence, Id128 Nonce, bool IsSeal, IReadOnlyList<LogRecord> Records)
{
    /// <summary>
    /// Of a segment: all below this number were durable when it was made. Of a seal: all from this number up to the seal were there.
    /// <see langword="null"/>: it does not say.
    /// </summary>
    public ulong? Assured { get; init; }

    /// <summary>
    /// Of a seal: segments below this number may have been collected, so that one which is missing is not lost.
    /// <see langword="null"/>: none was.
    /// </summary>
    public ulong? Collected { get; init; }

    /// <summary>Whether this tells that a segment was durable once, so that it is lost if it is missing.</summary>
    public bool Assures(ulong sequence) =>
        Assured is { } number && (IsSeal ? number <= sequence && sequence < Sequence : sequence < number);
}
