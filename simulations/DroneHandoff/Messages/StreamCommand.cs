namespace DroneHandoff.Messages;

/// <summary>Go on feeding readings until the process is killed.</summary>
internal sealed record StreamCommand : RoleCommand;
