namespace Swarm.DataPlane.Frames;

/// <summary>Flags in the header of a frame; see PROTOCOL.md, Frame header. The bits go over the wire.</summary>
[Flags]
internal enum FrameFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The body begins with a trace context; on connections of both whose ends have <see cref="FeatureBits.TraceContext"/> alone.</summary>
    Traced = 1,
}
