namespace Swarm.Tool.Verification;

/// <summary>What damage costs, from nothing to everything.</summary>
internal enum CostKind
{
    /// <summary>Nothing: no context needs these bytes now.</summary>
    Nothing,

    /// <summary>A recovery of the log reads its segments one by one; nothing is lost.</summary>
    RecoverySlower,

    /// <summary>KV of positions is computed again from their inputs.</summary>
    KvRecomputed,

    /// <summary>Named states are gone.</summary>
    StatesLost,

    /// <summary>Inputs of positions may be gone: what was lost is not known.</summary>
    InputsInDoubt,

    /// <summary>Inputs of positions are gone, and with them all that was behind.</summary>
    InputsLost,

    /// <summary>The context cannot be opened until the object is restored.</summary>
    CannotOpen,
}
