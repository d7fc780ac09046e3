namespace Swarm.Core.Contexts;

/// <summary>How KV is read.</summary>
public enum KvReading
{
    /// <summary>Into memory. Copies in the nearer tiers are given out as they are, for the reader to check, as it must in any case.</summary>
    IntoMemory = 0,

    /// <summary>
    /// As <see cref="IntoMemory"/>, but what lies in a file of this machine is given out as that (<see cref="KvRunData.File"/>), not read and not checked: for
    /// sending it to a reader who checks it against <see cref="KvRunData.Checksum"/>.
    /// </summary>
    FromFiles = 1,

    /// <summary>
    /// Into memory. Copies in the nearer tiers are checked before they are given out, and the store is read where they are damaged: for a reader whom a
    /// copy has failed.
    /// </summary>
    Rechecked = 2,
}
