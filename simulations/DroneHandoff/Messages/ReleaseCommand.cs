namespace DroneHandoff.Messages;

/// <summary>Make everything durable and give the memory to a successor.</summary>
/// <param name="To">The successor's agent name.</param>
internal sealed record ReleaseCommand(string To) : RoleCommand;
