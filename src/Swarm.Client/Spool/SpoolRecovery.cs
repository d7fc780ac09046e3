namespace Swarm;

/// <summary>What a session that went on after the death of its process found in its spool.</summary>
/// <param name="Epoch">Epoch of the session: nobody else held the context meanwhile.</param>
/// <param name="FirstPosition">First position that was not durable.</param>
/// <param name="Positions">Inputs from there on that the spool gave back; they count as fed.</param>
/// <param name="Fault">
/// What was damaged: file, byte and kind. Inputs behind it are not used, their files are kept beside the spool with the
/// ending <c>.damaged</c>. <see langword="null"/> where everything that was written was there.
/// </param>
public sealed record SpoolRecovery(Epoch Epoch, long FirstPosition, long Positions, string? Fault);
