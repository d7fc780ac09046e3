using System.Buffers;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Identity;
using Swarm.Gguf;

namespace Swarm.LlamaCpp.Files;

/// <summary>
/// Digest of a file's tensors: SHA-256 over each tensor's name, type, dimensions and the digests of its bytes by 16 MiB, in the order of the names. Pieces are read and
/// hashed in parallel, so that one large tensor does not wait for one processor.
/// </summary>
internal static class TensorDigest
{
    private const int PieceBytes = 16 << 20;

    /// <summary>Computes the digest. Reads the whole file.</summary>
    public static Digest256 Compute(GgufFile file)
    {
        var tensors = file.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToArray();
        var pieces = new List<(GgufTensor Tensor, long Offset)>();
        foreach (var tensor in tensors)
        {
            for (long offset = 0; offset < tensor.ByteLength; offset += PieceBytes)
            {
                pieces.Add((tensor, offset));
            }
        }

        var digests = new byte[pieces.Count][];
        try
        {
            Parallel.For(
                0,
                pieces.Count,
                () => ArrayPool<byte>.Shared.Rent(PieceBytes),
                (index, _, buffer) =>
                {
                    var (tensor, offset) = pieces[index];
                    var piece = buffer.AsSpan(0, (int)Math.Min(PieceBytes, tensor.ByteLength - offset));
                    file.Read(tensor, offset, piece);
                    digests[index] = SHA256.HashData(piece);
                    return buffer;
                },
                buffer => ArrayPool<byte>.Shared.Return(buffer));
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]); // The file's own refusal, not that it came from a thread.
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var index = 0; index < pieces.Count; index++)
        {
            var (tensor, offset) = pieces[index];
            if (offset == 0)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(string.Create(
                    CultureInfo.InvariantCulture, $"|{tensor.Name}|{(int)tensor.Type}|{string.Join(',', tensor.Dimensions)}|{tensor.ByteLength}|")));
            }

            hash.AppendData(digests[index]);
        }

        return new Digest256(hash.GetHashAndReset());
    }
}
