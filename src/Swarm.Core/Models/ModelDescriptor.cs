using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Identity;

namespace Swarm;

/// <summary>All that decides which KV bytes a model computes; its hash is the model's fingerprint.</summary>
/// <param name="Name">For people only; not hashed. At most 128 characters.</param>
/// <param name="Config">The model's configuration in a canonical text, at most 64 KiB.</param>
/// <param name="WeightsDigest">Digest over every weight's name, type, shape and bytes.</param>
/// <param name="ComputeDType">Type of activations and weights, such as <c>float32</c>.</param>
/// <param name="Geometry">KV geometry.</param>
/// <param name="PositionEncoding">Position encoding with its parameters, in a canonical text.</param>
/// <param name="Tokenizer">Name or digest of the tokenizer.</param>
/// <param name="Adapter">Name or digest of an adapter such as a LoRA; empty for none.</param>
public sealed record ModelDescriptor(
    string Name,
    string Config,
    Digest256 WeightsDigest,
    string ComputeDType,
    KvGeometry Geometry,
    string PositionEncoding,
    string Tokenizer,
    string Adapter)
{
    /// <summary>The fingerprint: SHA-256 over every field but the name, each framed by its length.</summary>
    /// <returns>The same for equal descriptors, on every machine.</returns>
    public ModelFingerprint ComputeFingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(hash, "swarm.model.v1");
        AppendText(hash, Config);
        AppendBytes(hash, WeightsDigest.ToArray());
        AppendText(hash, ComputeDType);
        AppendText(hash, Geometry.KeyForm);
        AppendNumber(hash, Geometry.Groups.Length);
        foreach (var group in Geometry.Groups)
        {
            AppendNumber(hash, (int)group.Kind);
            AppendNumber(hash, group.WindowPositions);
            AppendNumber(hash, group.SinkPositions);
            AppendNumber(hash, group.Layers.Length);
            foreach (var layer in group.Layers)
            {
                AppendNumber(hash, layer);
            }

            AppendNumber(hash, group.Streams.Length);
            foreach (var stream in group.Streams)
            {
                AppendText(hash, stream.Name);
                AppendNumber(hash, (int)stream.DType);
                AppendNumber(hash, stream.RowBytes);
            }
        }

        AppendText(hash, PositionEncoding);
        AppendText(hash, Tokenizer);
        AppendText(hash, Adapter);
        return new ModelFingerprint(new Digest256(hash.GetHashAndReset()));
    }

    private static void AppendText(IncrementalHash hash, string text) =>
        AppendBytes(hash, Encoding.UTF8.GetBytes(text));

    private static void AppendBytes(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        AppendNumber(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendNumber(IncrementalHash hash, int number)
    {
        Span<byte> buffer = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(buffer, number);
        hash.AppendData(buffer);
    }
}
