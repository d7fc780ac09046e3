using System.Text;

namespace Swarm.Gguf.Tests;

/// <summary>Files for tests: one with every kind of value, and raw bytes to put together malformed ones of.</summary>
internal static class SampleFile
{
    public static GgufWriter Writer()
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("llama.block_count", 3);
        writer.Add("llama.rope.freq_base", 50_000f);
        writer.Add("a.flag", true);
        writer.Add("a.int", GgufValue.Of(-7));
        writer.Add("a.long", GgufValue.Of(ulong.MaxValue));
        writer.Add("a.texts", GgufValue.OfArray(["", "é", "three"]));
        writer.Add("a.flags", GgufValue.OfArray([true, false, true]));
        writer.Add("a.bytes", GgufValue.OfArray((ReadOnlySpan<byte>)[1, 2, 255]));
        writer.Add("a.ints", GgufValue.OfArray((ReadOnlySpan<int>)[-1, 2]));
        writer.Add("a.uints", GgufValue.OfArray((ReadOnlySpan<uint>)[1, uint.MaxValue]));
        writer.Add("a.floats", GgufValue.OfArray((ReadOnlySpan<float>)[0.5f, -2]));
        writer.Add("a.empty", GgufValue.OfArray(Array.Empty<string>()));
        writer.AddTensor("norm", GgufTensorType.Float32, [5], Fill(20, 1));
        writer.AddTensor("matrix", GgufTensorType.Q8_0, [64, 3], Fill(204, 2));
        writer.AddTensor("cube", GgufTensorType.Float16, [2, 3, 4], Fill(48, 3));
        return writer;
    }

    public static byte[] Bytes()
    {
        using var stream = new MemoryStream();
        Writer().Write(stream);
        return stream.ToArray();
    }

    public static Action<Stream> Fill(int count, byte value) => stream => stream.Write(Enumerable.Repeat(value, count).ToArray());

    /// <summary>The first part of a file: signature, version, counts, and what follows.</summary>
    public static byte[] Header(uint version, ulong tensors, ulong keys, Action<BinaryWriter> rest)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(version);
        writer.Write(tensors);
        writer.Write(keys);
        rest(writer);
        writer.Flush();
        return stream.ToArray();
    }

    public static void Text(this BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    public static void Tensor(this BinaryWriter writer, string name, uint type, ulong offset, params ulong[] dimensions)
    {
        writer.Text(name);
        writer.Write((uint)dimensions.Length);
        Array.ForEach(dimensions, writer.Write);
        writer.Write(type);
        writer.Write(offset);
    }
}
