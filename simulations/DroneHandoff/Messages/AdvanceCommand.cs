namespace DroneHandoff.Messages;

/// <summary>Feed readings until so many were fed, one step each; then wait until all is durable.</summary>
/// <param name="Readings">Readings since the flight's start.</param>
internal sealed record AdvanceCommand(long Readings) : RoleCommand;
