namespace DroneHandoff.Messages;

/// <summary>The role cannot go on.</summary>
/// <param name="Message">Why; the process's log has the details.</param>
internal sealed record FailedEvent(string Message) : RoleEvent;
