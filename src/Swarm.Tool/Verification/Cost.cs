namespace Swarm.Tool.Verification;

/// <summary>What damage costs one context.</summary>
/// <param name="Kind">What.</param>
/// <param name="Context">The context: tenant and name, or its id where its root does not tell; or none.</param>
/// <param name="First">First position.</param>
/// <param name="End">First position behind; <see langword="null"/> when it is not known how far it reaches.</param>
internal sealed record Cost(CostKind Kind, string? Context = null, long First = 0, long? End = null)
{
    /// <summary>In words.</summary>
    public override string ToString() => Kind switch
    {
        CostKind.Nothing => "no context needs it now",
        CostKind.RecoverySlower => "nothing is lost: a recovery of this log reads its segments one by one",
        CostKind.CannotOpen => $"{Context} cannot be opened as it is",
        CostKind.StatesLost => $"{Context}: its named states are lost",
        CostKind.InputsInDoubt => $"{Context}: inputs of {Positions} may be lost",
        CostKind.InputsLost => $"{Context}: inputs of {Positions} are lost",
        _ => $"{Context}: KV of {Positions} has to be computed again",
    };

    private string Positions => End is { } end ? $"positions {First} to {end - 1}" : $"positions from {First} on, if there are any,";
}
