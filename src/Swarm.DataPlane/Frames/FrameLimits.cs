using Swarm.Core.Identity;
using Swarm.Format.Frames;

namespace Swarm.DataPlane.Frames;

/// <summary>What a length field may say. Checked before anything is allocated for it; see PROTOCOL.md, Limits.</summary>
public static class FrameLimits
{
    /// <summary>Largest body of a control frame, in bytes.</summary>
    public const int MaxControlBytes = 1 << 20;

    /// <summary>Largest KV payload, in bytes.</summary>
    public const int MaxPayloadBytes = KvPayload.MaxBytes;

    /// <summary>Head of a KV frame, in bytes: position, count, tier, prefix hash.</summary>
    internal const int KvHeadBytes = sizeof(long) + (2 * sizeof(int)) + Digest256.SizeBytes;

    internal const int CheckedKvHeadBytes = KvHeadBytes + sizeof(ulong);

    /// <summary>Largest body of a greeting, in bytes: nobody is known before it.</summary>
    public const int MaxHelloBytes = 16 << 10;

    /// <summary>Longest tenant name, and longest token, of a greeting, in bytes of UTF-8.</summary>
    public const int MaxCredentialBytes = 4096;

    /// <summary>Longest text of a refusal, in bytes of UTF-8.</summary>
    public const int MaxRefusalTextBytes = 8192;

    /// <summary>Most tokens, and most steps, of one frame of inputs.</summary>
    public const int MaxAppendTokens = 65_536;

    /// <summary>Most states of one frame.</summary>
    public const int MaxStates = 1024;
}
