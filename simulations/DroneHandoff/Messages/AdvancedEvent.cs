namespace DroneHandoff.Messages;

/// <summary>An <see cref="AdvanceCommand"/> is done.</summary>
/// <param name="Progress">How far the stream has come; without Swarm nothing is durable.</param>
/// <param name="StepMs">Time of each step, in milliseconds.</param>
internal sealed record AdvancedEvent(ProgressEvent Progress, double[] StepMs) : RoleEvent;
