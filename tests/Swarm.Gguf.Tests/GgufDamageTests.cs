using Swarm.Testing;
using Xunit;

namespace Swarm.Gguf.Tests;

/// <summary>Damaged and hostile files: each is read, or refused by a <see cref="GgufFormatException"/>, and costs no more memory than it has bytes.</summary>
public sealed class GgufDamageTests : IDisposable
{
    // Buffers, a directory and messages, whatever the file's size; and what its bytes may become as texts and tensors.
    private const long AllowedBytes = 512 << 10;
    private const long AllowedBytesEach = 64;

    private readonly TempDirectory _folder = new();
    private int _refused;

    [Fact]
    public void Open_EveryTruncation_IsRefused()
    {
        var bytes = SampleFile.Bytes();
        var end = bytes.Length - 16; // The last tensor's padding may be missing.

        for (var length = 0; length < end; length++)
        {
            Open(bytes[..length]);
        }

        Assert.Equal(end, _refused);
    }

    [Fact]
    public void Open_EveryFlippedBit_IsReadOrRefused()
    {
        var bytes = SampleFile.Bytes();

        for (var bit = 0; bit < HeaderBytes(bytes) * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Open(bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(_refused > 500, $"only {_refused} were refused");
    }

    [Fact]
    public void Open_RandomDamage_IsReadOrRefused()
    {
        var test = new SeededTest();
        var sample = SampleFile.Bytes();

        for (var round = 0; round < 1000; round++)
        {
            var bytes = sample.ToArray();
            for (var count = test.Random.Next(1, 6); count > 0; count--)
            {
                var place = test.Random.Next(4, bytes.Length);
                var value = bytes.AsSpan(place, Math.Min(test.Random.Next(1, 9), bytes.Length - place));
                if (test.Random.Next(3) == 0)
                {
                    value.Fill(test.Random.Next(2) == 0 ? byte.MaxValue : (byte)0);
                }
                else
                {
                    test.Random.NextBytes(value);
                }
            }

            Open(test.Random.Next(4) == 0 ? bytes[..test.Random.Next(bytes.Length)] : bytes);
        }

        Assert.True(_refused > 200, $"only {_refused} were refused");
    }

    public void Dispose() => _folder.Dispose();

    // All but the tensors' bytes, in which every bit is right.
    private int HeaderBytes(byte[] bytes)
    {
        File.WriteAllBytes(_folder.Combine("whole.gguf"), bytes);
        using var file = GgufFile.Open(_folder.Combine("whole.gguf"));
        return (int)file.Tensors[0].Offset;
    }

    private void Open(byte[] bytes)
    {
        var path = _folder.Combine("damaged.gguf");
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var file = GgufFile.Open(path);
            foreach (var tensor in file.Tensors)
            {
                file.Read(tensor.Name, new byte[tensor.ByteLength]);
            }

            foreach (var (_, value) in file.Metadata.Where(item => item.Value.ElementType == GgufValueType.Text))
            {
                _ = value.Type == GgufValueType.Array ? value.AsTexts() : [value.AsText()];
            }
        }
        catch (GgufFormatException error)
        {
            _refused++;
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < AllowedBytes + (AllowedBytesEach * bytes.Length), $"{allocated} bytes were allocated for a file of {bytes.Length}");
    }
}
