using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>Index of a segment: all of it but the KV payload. Alone enough to recover.</summary>
/// <param name="Writer">The writer whose log it is in.</param>
/// <param name="Sequence">Its number there, from 0.</param>
/// <param name="Nonce">Fresh for each attempt's content, so that a writer knows its own.</param>
/// <param name="IsSeal">Whether it ends the log; then it has no records.</param>
/// <param name="Records">Records in the order of the appends.</param>
public sealed record Segment(
    Id128 Writer, ulong Sequence, Id128 Nonce, bool IsSeal, IReadOnlyList<LogRecord> Records);
