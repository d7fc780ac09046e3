using Swarm.Format.Frames;

namespace Swarm.DataPlane.Frames;

/// <summary>What a length field may say. Checked before anything is allocated for it.</summary>
public static class FrameLimits
{
    /// <summary>Largest body of a control frame, in bytes.</summary>
    public const int MaxControlBytes = 1 << 20;

    /// <summary>Largest KV payload, in bytes.</summary>
    public const int MaxPayloadBytes = KvPayload.MaxBytes;

    /// <summary>Most tokens of one append.</summary>
    public const int MaxAppendTokens = 65_536;

    /// <summary>Most states of one append, or of one answer.</summary>
    public const int MaxStates = 1024;
}
