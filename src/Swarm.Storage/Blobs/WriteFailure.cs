namespace Swarm.Storage.Blobs;

/// <summary>What is known of writes that fail.</summary>
/// <param name="Duration">Since the first that failed, or since the oldest that has no answer was sent.</param>
/// <param name="Faults">Writes that failed since then.</param>
/// <param name="Bytes">Size of the largest that failed, in bytes: writes work again when one as large does.</param>
/// <param name="LastFault">The last fault.</param>
public sealed record WriteFailure(TimeSpan Duration, long Faults, long Bytes, string LastFault);
