namespace Swarm.Client.Spool;

/// <summary>What a record of a spool holds. The numbers are on disk.</summary>
internal enum SpoolRecordType : byte
{
    /// <summary>A <see cref="SpoolHeader"/>; the first of each segment, and only there.</summary>
    Header = 1,

    /// <summary>One step's inputs, and states that were set with them.</summary>
    Step = 2,

    /// <summary>One state.</summary>
    State = 3,
}
