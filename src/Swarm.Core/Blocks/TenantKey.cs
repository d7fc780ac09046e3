using System.Security.Cryptography;

namespace Swarm.Core.Blocks;

/// <summary>Key of a tenant's block hashes: without it, nobody can tell or guess what another tenant holds.</summary>
public sealed class TenantKey
{
    /// <summary>Size, in bytes.</summary>
    public const int SizeBytes = 32;

    private readonly byte[] _bytes;

    /// <summary>Takes over a key made before.</summary>
    /// <param name="bytes">Exactly <see cref="SizeBytes"/> bytes; copied.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public TenantKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != SizeBytes)
        {
            throw new ArgumentException($"A tenant key is {SizeBytes} bytes, got {bytes.Length}.", nameof(bytes));
        }

        _bytes = bytes.ToArray();
    }

    /// <summary>The key itself.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Makes a fresh key from the system's cryptographic generator.</summary>
    /// <returns>A key that nobody else has.</returns>
    public static TenantKey Create() => new(RandomNumberGenerator.GetBytes(SizeBytes));

    /// <summary>Never shows the key.</summary>
    public override string ToString() => "TenantKey(hidden)";
}
