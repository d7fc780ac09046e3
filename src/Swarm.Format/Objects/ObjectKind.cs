namespace Swarm.Format.Objects;

/// <summary>Kinds of persisted objects. The numbers are persisted.</summary>
public enum ObjectKind
{
    /// <summary>No object.</summary>
    None = 0,

    /// <summary>Many records of one writer.</summary>
    Segment = 1,

    /// <summary>The end of a writer's log. Never deleted.</summary>
    Seal = 2,

    /// <summary>KV payload of one context.</summary>
    Chunk = 3,

    /// <summary>Root of a context's manifest.</summary>
    Root = 4,

    /// <summary>Page of KV extents.</summary>
    ExtentPage = 5,

    /// <summary>Page of inputs.</summary>
    InputPage = 6,

    /// <summary>Page of named states.</summary>
    StatePage = 7,

    /// <summary>A tenant's name and key.</summary>
    Tenant = 8,

    /// <summary>What a model fingerprint hashes.</summary>
    Model = 9,

    /// <summary>Header and meta of many segments of one log.</summary>
    LogIndex = 10,

    /// <summary>Which store this is. Made once, never replaced.</summary>
    Store = 11,

    /// <summary>A segment of a log that is lost.</summary>
    LogDamage = 12,
}
