using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Identity;
using static TorchSharp.torch;

namespace Swarm.Inference.Weights;

/// <summary>Digest of a model's weights: SHA-256 over each tensor's name, type, shape and bytes, then over those digests.</summary>
internal static class WeightDigest
{
    /// <summary>Computes the digest; tensors are hashed in parallel, and combined in the order of their names.</summary>
    public static Digest256 Compute(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var names = tensors.Keys.Order(StringComparer.Ordinal).ToArray();
        var digests = new byte[names.Length * Digest256.SizeBytes];
        Parallel.For(0, names.Length, index =>
        {
            var tensor = tensors[names[index]];
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Encoding.UTF8.GetBytes($"{names[index]}|{tensor.dtype}|{string.Join(',', tensor.shape)}|"));
            hash.AppendData(tensor.bytes);
            hash.GetHashAndReset().CopyTo(digests, index * Digest256.SizeBytes);
        });
        return Digest256.Sha256(digests);
    }
}
