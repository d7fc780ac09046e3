namespace DroneHandoff.Messages;

/// <summary>What became of an append with an old session.</summary>
/// <param name="IsRefused">Whether it was refused as stale, and the context stayed as it was.</param>
/// <param name="Answer">What the silo said.</param>
internal sealed record StaleAppendEvent(bool IsRefused, string Answer) : RoleEvent;
