namespace DroneHandoff.Messages;

/// <summary>Become the successor by one of the <see cref="Strategies"/>, then continue as <see cref="ContinueCommand"/> says.</summary>
/// <param name="Strategy">How.</param>
/// <param name="SilenceSeconds">
/// Take over once the predecessor was silent for so long; 0 to wait for its release. For rehydration alone.
/// </param>
/// <param name="Positions">For re-prefill: how many positions to compute, those that rehydration found.</param>
/// <param name="Readings">For cold and re-prefill: which reading comes next.</param>
internal sealed record TakeOverCommand(string Strategy, double SilenceSeconds, long Positions, long Readings)
    : RoleCommand;
