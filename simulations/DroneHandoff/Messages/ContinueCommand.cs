namespace DroneHandoff.Messages;

/// <summary>Feed the next reading, then generate greedily, and report the logits.</summary>
internal sealed record ContinueCommand : RoleCommand;
