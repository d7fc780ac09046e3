namespace Swarm.DataPlane.Frames;

/// <summary>Features of the protocol that both ends must have; see PROTOCOL.md, Purpose and versions. The bits go over the wire.</summary>
internal static class FeatureBits
{
    /// <summary>Requests may carry the trace context of their caller.</summary>
    public const ulong TraceContext = 1;

    /// <summary>Attachments may follow their context.</summary>
    public const ulong Follow = 2;

    /// <summary>A client on the silo's machine may connect to a Unix domain socket in place of TCP.</summary>
    public const ulong LocalSocket = 4;

    /// <summary>The head of a <see cref="FrameType.KvRun"/> may hold the checksum of the payload, as it was stored.</summary>
    public const ulong RunChecksum = 8;

    /// <summary>All that this code has.</summary>
    public const ulong All = TraceContext | Follow | LocalSocket | RunChecksum;
}
