namespace DroneHandoff.Messages;

/// <summary>The predecessor gave its memory back.</summary>
/// <param name="Progress">What was durable at the end.</param>
internal sealed record ReleasedEvent(ProgressEvent Progress) : RoleEvent;
