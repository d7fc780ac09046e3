namespace Swarm.Storage.Manifests;

/// <summary>What became of a conditional write of a root.</summary>
internal enum RootOutcome
{
    /// <summary>It is there.</summary>
    Written,

    /// <summary>An earlier write of the same incarnation is there: try again over its ETag.</summary>
    Again,

    /// <summary>Somebody else took the context.</summary>
    Lost,

    /// <summary>The outcome is unknown: the context is to be dropped.</summary>
    Unknown,
}
