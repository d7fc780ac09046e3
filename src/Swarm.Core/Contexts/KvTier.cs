namespace Swarm;

/// <summary>Where KV bytes came from. The numbers go over the wire.</summary>
public enum KvTier
{
    /// <summary>Nowhere: nothing was read.</summary>
    None = 0,

    /// <summary>The silo's memory.</summary>
    Memory = 1,

    /// <summary>The silo's local disk.</summary>
    Disk = 2,

    /// <summary>The blob store.</summary>
    Blob = 3,
}
