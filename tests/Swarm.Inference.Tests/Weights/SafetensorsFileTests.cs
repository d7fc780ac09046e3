using System.Buffers.Binary;
using System.Text;
using Swarm.Inference.Configuration;
using Swarm.Inference.Weights;
using Xunit;

namespace Swarm.Inference.Tests.Weights;

/// <summary>Reading safetensors from files that lie.</summary>
public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_GoodFile_ReadsEachTensor()
    {
        var path = Write(
            """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}}""",
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

        using var file = SafetensorsFile.Open(path);

        Assert.Equal(2, file.Entries.Count);
        var bytes = new byte[2];
        file.Read("b", bytes);
        Assert.Equal([9, 10], bytes);
        Assert.Throws<ModelFormatException>(() => file.Read("c", new byte[2]));
        Assert.Throws<ModelFormatException>(() => file.Read("a", new byte[2]));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}""", "does not fit F64")]
    [InlineData("""{"a":{"dtype":"I64","shape":[2,0],"data_offsets":[0,8]}}""", "does not fit I64")]
    [InlineData("""{"a":{"dtype":"F4","shape":[15],"data_offsets":[0,8]}}""", "does not fit F4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296,4294967296],"data_offsets":[0,0]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "4 to 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "0 to 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "was cut")]
    [InlineData("""{"__metadata__":{"format":"flax"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "flax")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "8 to 16")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "-2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", "1.5")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,9223372036854775807],"data_offsets":[0,8]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}""", "99999999999999999999")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "data_offsets")]
    [InlineData("""{"a":{"dtype":4,"shape":[2],"data_offsets":[0,8]}}""", "dtype")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", "dtype")]
    [InlineData("""{"a":7}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "twice")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{\"a\":", "not JSON")]
    [InlineData("[[[[[[[[[[[[[[[[", "not JSON")]
    public void Open_HostileHeader_NamesFileAndFault(string header, string expected)
    {
        var path = Write(header, new byte[8]);

        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(-1L)]
    [InlineData(17L)]
    [InlineData(99_999_999L)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Open_HostileHeaderLength_ThrowsWithoutAllocating(long claimed)
    {
        var bytes = new byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, claimed);
        File.WriteAllBytes(_directory.File("x"), bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_directory.File("x")));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("I64", "1", 8)]
    [InlineData("BOOL", "8", 8)]
    [InlineData("F8_E4M3", "2,4", 8)]
    [InlineData("F4", "16", 8)]
    [InlineData("A_TYPE_OF_TOMORROW", "5", 8)]
    [InlineData("U8", "0", 0)]
    public void Open_OtherTypes_AreListed(string dtype, string shape, int bytes)
    {
        var path = Write(
            $$$"""{"b":{"dtype":"{{{dtype}}}","shape":[{{{shape}}}],"data_offsets":[0,{{{bytes}}}]}}""", new byte[bytes]);

        using var file = SafetensorsFile.Open(path);

        Assert.Equal(dtype, file.Entries["b"].DType);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 2471645608\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html>\n<html>", "HTML")]
    [InlineData("  <?xml version=\"1.0\"?><Error/>", "XML")]
    [InlineData("Invalid username or password.", "Invalid username or password.")]
    [InlineData("Gone", "Gone")]
    [InlineData("PK\u0003\u0004aaaaaaaaaaaaa", "PyTorch")]
    [InlineData("GGUF\u0003\u0000\u0000\u0000aaaaaaaaaaaa", "GGUF")]
    [InlineData("\u0010\u0000\u0000\u0000\u0000\u0000\u0000\u0000{\"a\":", "was cut")]
    public void Open_SomethingElse_SaysWhatItIs(string content, string expected)
    {
        File.WriteAllText(_directory.File("x"), content);

        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_directory.File("x")));

        Assert.Contains(_directory.File("x"), error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShortOrMissingFile_Throws()
    {
        File.WriteAllBytes(_directory.File("short"), new byte[7]);

        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_directory.File("short")));
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_directory.File("none")));
    }

    [Fact]
    public void Open_RandomlyChangedFile_ThrowsModelFormatOrReads()
    {
        var good = File.ReadAllBytes(Write(
            """{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]}}""",
            new byte[12]));
        const int Seed = 20;
        var random = new Random(Seed);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = good[..random.Next(good.Length / 2, good.Length + 1)];
            for (var change = random.Next(4); change >= 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(_directory.File("x"), bytes);
            try
            {
                using var file = SafetensorsFile.Open(_directory.File("x"));
                foreach (var (name, entry) in file.Entries)
                {
                    file.Read(name, new byte[entry.Length]);
                }
            }
            catch (ModelFormatException)
            {
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, round {round}: {error}");
            }
        }
    }

    private string Write(string header, byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        File.WriteAllBytes(_directory.File("model.safetensors"), [.. length, .. text, .. data]);
        return _directory.File("model.safetensors");
    }
}
