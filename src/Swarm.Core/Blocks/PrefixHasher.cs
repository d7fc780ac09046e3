using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Swarm.Core.Identity;

namespace Swarm.Core.Blocks;

/// <summary>The block hash chain of one context, fed input by input. Not thread-safe.</summary>
/// <remarks>
/// <para>
/// Root = HMAC-SHA-256(tenant key, "swarm.root.v1" ‖ fingerprint ‖ u32 block tokens). The hash after some positions =
/// HMAC-SHA-256(tenant key, "swarm.block.v1" ‖ hash of the block before ‖ u32 n ‖ the n inputs of the last block), n
/// from 1 to the block size; with n equal to the block size it is the block's hash, and the next one's parent. Numbers
/// are little-endian. An input is a token id as int32. Persisted: change it only with new labels.
/// </para>
/// <para>Keyed per tenant, so that equal inputs of two tenants never have an equal name.</para>
/// </remarks>
public sealed class PrefixHasher
{
    /// <summary>Default number of positions of a block.</summary>
    public const int DefaultBlockTokens = 64;

    /// <summary>Largest number of positions of a block.</summary>
    public const int MaxBlockTokens = 1024;

    private readonly byte[] _key;
    private readonly byte[] _message;
    private readonly int _headerLength = Label.Length + Digest256.SizeBytes + sizeof(int);
    private int _pending;

    /// <summary>Starts at position 0.</summary>
    /// <param name="key">The tenant's key.</param>
    /// <param name="fingerprint">The model whose KV the hashes will name.</param>
    /// <param name="blockTokens">Positions of a block, 1 to <see cref="MaxBlockTokens"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="blockTokens"/> is out of range.</exception>
    public PrefixHasher(TenantKey key, ModelFingerprint fingerprint, int blockTokens = DefaultBlockTokens)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockTokens, MaxBlockTokens);
        _key = key.Bytes.ToArray();
        BlockTokens = blockTokens;
        _message = new byte[_headerLength + (blockTokens * sizeof(int))];
        Label.CopyTo(_message);

        Span<byte> root = stackalloc byte[RootLabel.Length + Digest256.SizeBytes + sizeof(int)];
        RootLabel.CopyTo(root);
        fingerprint.Value.CopyTo(root[RootLabel.Length..]);
        BinaryPrimitives.WriteInt32LittleEndian(root[(RootLabel.Length + Digest256.SizeBytes)..], blockTokens);
        Parent = new BlockHash(Hmac(root));
    }

    private PrefixHasher(PrefixHasher other)
    {
        _key = other._key;
        _message = [.. other._message];
        _pending = other._pending;
        BlockTokens = other.BlockTokens;
        Parent = other.Parent;
        Position = other.Position;
    }

    /// <summary>Positions of a block.</summary>
    public int BlockTokens { get; }

    /// <summary>Positions fed so far.</summary>
    public long Position { get; private set; }

    /// <summary>Hash of the last whole block, or the root.</summary>
    public BlockHash Parent { get; private set; }

    /// <summary>Inputs of the block that is not whole yet, fewer than <see cref="BlockTokens"/>.</summary>
    public ReadOnlySpan<int> PendingTokens =>
        MemoryMarshal.Cast<byte, int>(_message.AsSpan(_headerLength, _pending * sizeof(int)));

    private static ReadOnlySpan<byte> RootLabel => "swarm.root.v1"u8;

    private static ReadOnlySpan<byte> Label => "swarm.block.v1"u8;

    /// <summary>Goes on at a block boundary from a hash computed before.</summary>
    /// <param name="position">A multiple of <see cref="BlockTokens"/>.</param>
    /// <param name="parent">The hash there.</param>
    /// <exception cref="ArgumentException"><paramref name="position"/> is not a block boundary.</exception>
    public void Resume(long position, BlockHash parent)
    {
        if (position < 0 || position % BlockTokens != 0)
        {
            throw new ArgumentException(
                $"Position {position} is not a multiple of the block size {BlockTokens}.", nameof(position));
        }

        Position = position;
        Parent = parent;
        _pending = 0;
    }

    /// <summary>Feeds the next inputs.</summary>
    /// <param name="tokens">Token ids of the positions from <see cref="Position"/> on.</param>
    /// <param name="blocks">Is told of each block that ends; <see langword="null"/> where nobody wants to know.</param>
    public void Append(ReadOnlySpan<int> tokens, IBlockSink? blocks = null)
    {
        while (!tokens.IsEmpty)
        {
            var count = Math.Min(tokens.Length, BlockTokens - _pending);
            var destination = _message.AsSpan(_headerLength + (_pending * sizeof(int)), count * sizeof(int));
            for (var index = 0; index < count; index++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(destination[(index * sizeof(int))..], tokens[index]);
            }

            _pending += count;
            Position += count;
            tokens = tokens[count..];
            if (_pending == BlockTokens)
            {
                Parent = HashPending();
                _pending = 0;
                blocks?.Add(Position, Parent);
            }
        }
    }

    /// <summary>The hash through the last position fed: the root's at position 0.</summary>
    /// <returns>The block's hash at a boundary, else that of the partial block.</returns>
    public BlockHash Current() => _pending == 0 ? Parent : HashPending();

    /// <summary>A hasher at the same position that goes on independently.</summary>
    /// <returns>The copy.</returns>
    public PrefixHasher Clone() => new(this);

    private BlockHash HashPending()
    {
        Parent.Value.CopyTo(_message.AsSpan(Label.Length));
        BinaryPrimitives.WriteInt32LittleEndian(_message.AsSpan(_headerLength - sizeof(int)), _pending);
        return new BlockHash(Hmac(_message.AsSpan(0, _headerLength + (_pending * sizeof(int)))));
    }

    private Digest256 Hmac(ReadOnlySpan<byte> message)
    {
        Span<byte> digest = stackalloc byte[Digest256.SizeBytes];
        HMACSHA256.HashData(_key, message, digest);
        return new Digest256(digest);
    }
}
