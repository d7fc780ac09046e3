using Swarm.Format.Segments;

namespace Swarm.Storage.Log;

/// <summary>Records of a context that lie in a log one behind the other.</summary>
/// <param name="Lost">The lost segment before them; <see langword="null"/>: none is.</param>
/// <param name="Records">The records.</param>
internal readonly record struct RecoveredPart(ulong? Lost, IReadOnlyList<LogRecord> Records);
