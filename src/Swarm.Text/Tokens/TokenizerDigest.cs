using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Swarm.Text.Tokens;

/// <summary>Digest over what decides token ids, each part framed by its length.</summary>
internal sealed class TokenizerDigest : IDisposable
{
    private const int PendingBytes = 65_536; // Of many small parts, hashed at once.

    private readonly List<byte> _pending = new(2 * PendingBytes);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Begins the digest.</summary>
    public TokenizerDigest() => Add("swarm.text.v1");

    /// <summary>Adds a text.</summary>
    public void Add(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Add(bytes.Length);
        _pending.AddRange(bytes);
        Flush(atLeast: PendingBytes);
    }

    /// <summary>Adds a number.</summary>
    public void Add(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        _pending.AddRange(bytes);
        Flush(atLeast: PendingBytes);
    }

    /// <summary>Adds what all tokenizers have.</summary>
    public void Add(
        IReadOnlyList<VocabularyToken?> tokens, IReadOnlyList<AddedToken> added, IReadOnlyList<TextNormalizer> normalizers, IReadOnlyList<PreTokenizer> steps, bool isByteLevel)
    {
        Add(tokens.Count);
        foreach (var token in tokens)
        {
            Add(token is null ? 0 : token.IsSpecial ? 2 : 1);
            Add(token?.Text ?? "");
        }

        Add(added.Count);
        foreach (var token in added.OrderBy(token => token.Id))
        {
            Add(token.ToString());
        }

        Add(normalizers.Count);
        foreach (var normalizer in normalizers)
        {
            Add(normalizer.Canonical);
        }

        Add(steps.Count);
        foreach (var step in steps)
        {
            Add(step.Canonical);
        }

        Add(isByteLevel ? 1 : 0);
    }

    /// <summary>The digest as <c>sha256:</c> with 64 hexadecimal digits.</summary>
    public string ToIdentity()
    {
        Flush(atLeast: 0);
        return $"sha256:{Convert.ToHexStringLower(_hash.GetCurrentHash())}";
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Flush(int atLeast)
    {
        if (_pending.Count >= atLeast)
        {
            _hash.AppendData(CollectionsMarshal.AsSpan(_pending));
            _pending.Clear();
        }
    }
}
