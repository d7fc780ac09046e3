namespace Swarm.Testing.Faults;

/// <summary>What one operation was asked so far.</summary>
/// <param name="Requests">Calls.</param>
/// <param name="Arrived">Of these, the ones that reached the store.</param>
/// <param name="Refused">Of these, the conditional writes that were refused.</param>
/// <param name="Faults">Calls that ended in an injected error.</param>
/// <param name="Bytes">Content of arrived writes, or bytes of reads.</param>
public readonly record struct OperationCounts(long Requests, long Arrived, long Refused, long Faults, long Bytes);
