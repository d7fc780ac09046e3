namespace Swarm;

/// <summary>Swarm understood the request and refused it. <see cref="Refusal"/> says why.</summary>
/// <param name="refusal">The reason.</param>
public class SwarmRefusedException(Refusal refusal) : Exception(refusal.Message)
{
    /// <summary>The reason, as data.</summary>
    public Refusal Refusal { get; } = refusal;

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    public bool IsTransient => Refusal.Code is RefusalCode.Busy or RefusalCode.Moved or RefusalCode.Unknown
        or RefusalCode.StoreUnavailable or RefusalCode.StoreReplaced;
}
