namespace DroneHandoff.Messages;

/// <summary>The next reading was fed, and tokens were generated.</summary>
/// <param name="Positions">Positions before the reading.</param>
/// <param name="Tokens">The generated tokens.</param>
/// <param name="LogitsSha256">SHA-256 over the raw fp32 bytes of every step's logits, in order.</param>
internal sealed record ContinuedEvent(long Positions, int[] Tokens, string LogitsSha256) : RoleEvent;
