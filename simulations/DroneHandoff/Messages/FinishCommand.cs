namespace DroneHandoff.Messages;

/// <summary>End in good order.</summary>
internal sealed record FinishCommand : RoleCommand;
