namespace Swarm.Storage.Tests.Simulation;

/// <summary>What becomes of a store under its silos.</summary>
internal enum StoreLoss
{
    /// <summary>All objects are gone.</summary>
    Emptied,

    /// <summary>Another store is in its place, with an identity and nothing else.</summary>
    Replaced,

    /// <summary>Another store is in its place that has contexts of the same names: a copy of long ago with an identity of its own.</summary>
    Cloned,

    /// <summary>It is as it was some time ago.</summary>
    SetBack,
}
