using System.Security.Cryptography;
using Swarm.Core.Identity;

namespace Swarm.Core.Sessions;

/// <summary>
/// What proves that an append comes from the session that acquired the context: 32 random bytes that the agent
/// process makes. Storage keeps only its hash.
/// </summary>
public sealed class SessionSecret
{
    /// <summary>Size, in bytes.</summary>
    public const int SizeBytes = 32;

    private readonly byte[] _bytes;

    /// <summary>Takes over a secret made before.</summary>
    /// <param name="bytes">Exactly <see cref="SizeBytes"/> bytes; copied.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public SessionSecret(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != SizeBytes)
        {
            throw new ArgumentException(
                $"A session secret is {SizeBytes} bytes, got {bytes.Length}.", nameof(bytes));
        }

        _bytes = bytes.ToArray();
        Hash = Digest256.Sha256(bytes);
    }

    /// <summary>SHA-256 of the secret: the owner's nonce in the log.</summary>
    public Digest256 Hash { get; }

    /// <summary>The secret itself. Never logged, never stored by a silo.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Makes a fresh secret from the system's cryptographic generator.</summary>
    /// <returns>A secret that nobody else has.</returns>
    public static SessionSecret Create() => new(RandomNumberGenerator.GetBytes(SizeBytes));

    /// <summary>Never shows the secret.</summary>
    public override string ToString() => "SessionSecret(hidden)";
}
