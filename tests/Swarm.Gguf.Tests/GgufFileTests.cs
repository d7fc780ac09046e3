using Swarm.Testing;
using Xunit;

namespace Swarm.Gguf.Tests;

/// <summary>Reading a file: what is in it, and what is refused by name.</summary>
public sealed class GgufFileTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    [Fact]
    public void Open_FileOfTheWriter_HasAllOfIt()
    {
        using var file = GgufFile.Open(Write(SampleFile.Bytes()));

        Assert.Equal((3, 32), (file.Version, file.Alignment));
        Assert.Equal("general.architecture", file.Metadata.First().Key);
        Assert.Equal("llama", file.Metadata.Require("general.architecture").AsText());
        Assert.Equal(3, file.Metadata.Require("llama.block_count").AsInteger());
        Assert.Equal(50_000, file.Metadata.Require("llama.rope.freq_base").AsNumber());
        Assert.True(file.Metadata.Require("a.flag").AsFlag());
        Assert.Equal(-7, file.Metadata.Require("a.int").AsInteger());
        Assert.Equal(ulong.MaxValue, file.Metadata.Require("a.long").AsNumber());
        Assert.Equal(["", "é", "three"], file.Metadata.Require("a.texts").AsTexts());
        Assert.Equal([true, false, true], file.Metadata.Require("a.flags").AsFlags());
        Assert.Equal([1, 2, 255], file.Metadata.Require("a.bytes").AsIntegers());
        Assert.Equal([-1, 2], file.Metadata.Require("a.ints").AsIntegers());
        Assert.Equal([1, uint.MaxValue], file.Metadata.Require("a.uints").AsIntegers());
        Assert.Equal([0.5, -2], file.Metadata.Require("a.floats").AsNumbers());
        Assert.Empty(file.Metadata.Require("a.empty").AsTexts());
        Assert.Equal(13, file.Metadata.Count);
        Assert.Null(file.Metadata.Find("missing"));
        Assert.Equal(["norm", "matrix", "cube"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([64, 3], file.Require("matrix").Dimensions);
        Assert.Equal(24, file.Require("cube").ElementCount);
        foreach (var (name, length, value) in new[] { ("norm", 20, 1), ("matrix", 204, 2), ("cube", 48, 3) })
        {
            var bytes = new byte[length];
            file.Read(name, bytes);
            Assert.All(bytes, read => Assert.Equal(value, read));
            Assert.Equal(0, file.Require(name).Offset % 32);
        }

        Assert.Throws<ArgumentException>(() => file.Read("norm", new byte[19]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Require("norm"), 1, new byte[20]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Require("norm"), -1, new byte[1]));
        Assert.Contains("'x'", Assert.Throws<GgufFormatException>(() => file.Read("x", new byte[1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_VersionTwo_IsRead()
    {
        using var file = GgufFile.Open(Write(SampleFile.Header(2, 0, 1, rest =>
        {
            rest.Text("k");
            rest.Write((uint)GgufValueType.UInt8);
            rest.Write((byte)9);
        })));

        Assert.Equal(2, file.Version);
        Assert.Equal(9, file.Metadata.Require("k").AsInteger());
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void Open_MissingFile_IsAnIOException() =>
        Assert.Throws<FileNotFoundException>(() => GgufFile.Open(_folder.Combine("missing.gguf")));

    [Theory]
    [InlineData("key 'a.texts'", "a.texts", "a text")]
    [InlineData("key 'a.int'", "a.int", "an array of integers")]
    [InlineData("key 'general.architecture'", "general.architecture", "an integer")]
    [InlineData("key 'a.long'", "a.long", "an integer below 2^63")]
    public void Values_OfAnotherType_AreRefusedByFileAndKey(string named, string key, string wanted)
    {
        var path = Write(SampleFile.Bytes());
        using var file = GgufFile.Open(path);
        var value = file.Metadata.Require(key);

        var error = Assert.Throws<GgufFormatException>(() => wanted switch
        {
            "a text" => value.AsText(),
            "an array of integers" => (object)value.AsIntegers(),
            _ => value.AsInteger(),
        });

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_NoUtf8_AreRefusedWhenAskedForAlone()
    {
        var path = Write(SampleFile.Header(3, 0, 1, rest =>
        {
            rest.Text("k");
            rest.Write((uint)GgufValueType.Text);
            rest.Write(2UL);
            rest.Write((ReadOnlySpan<byte>)[0xC3, 0x28]);
        }));
        using var file = GgufFile.Open(path);
        var value = file.Metadata.Require("k");

        Assert.Contains("UTF-8", Assert.Throws<GgufFormatException>(value.AsText).Message, StringComparison.Ordinal);
        Assert.Equal(10, value.Encoded.Length);
    }

    public static TheoryData<string, byte[]> Malformed()
    {
        var data = new TheoryData<string, byte[]>
        {
            { "does not begin with 'GGUF'", "GGML, and more than 24 bytes"u8.ToArray() },
            { "the signature", "GG"u8.ToArray() },
            { "version 1", SampleFile.Header(1, 0, 0, _ => { }) },
            { "version 4", SampleFile.Header(4, 0, 0, _ => { }) },
            { "big-endian", SampleFile.Header(3u << 24, 0, 0, _ => { }) },
            { "number of tensors is 65537", SampleFile.Header(3, 65_537, 0, _ => { }) },
            { "number of metadata keys is 18446744073709551615", SampleFile.Header(3, 0, ulong.MaxValue, _ => { }) },
            { "number of metadata keys, 2, goes beyond the end", SampleFile.Header(3, 0, 2, rest => rest.Write(new byte[20])) },
        };
        Key("'k' has type 13", rest => rest.Write(13u));
        Key("array of arrays", rest => { rest.Write(9u); rest.Write(9u); rest.Write(1UL); });
        Key("number of elements of key 'k'", rest => { rest.Write(9u); rest.Write(4u); rest.Write(1UL << 40); });
        Key("number of elements of key 'k', 9,", rest => { rest.Write(9u); rest.Write(4u); rest.Write(9UL); });
        Key("9223372036854775807 bytes, goes beyond", rest => { rest.Write(8u); rest.Write((ulong)long.MaxValue); });
        Key("flag of value 2", rest => { rest.Write(7u); rest.Write((byte)2); });
        data.Add("has 0 bytes; 1 to 65535", SampleFile.Header(3, 0, 1, rest => { rest.Text(""); rest.Write(new byte[20]); }));
        data.Add("control characters", SampleFile.Header(3, 0, 1, rest => { rest.Text("a\nb"); rest.Write(new byte[20]); }));
        data.Add("'k' is there twice", SampleFile.Header(3, 0, 2, rest => { Flag(rest); Flag(rest); }));
        data.Add("'general.alignment' is 12", WithAlignment(12));
        data.Add("'general.alignment' is 131072", WithAlignment(131_072));
        data.Add("one of 4 parts", SampleFile.Header(3, 0, 1, rest => { rest.Text("split.count"); rest.Write(2u); rest.Write((ushort)4); }));
        Tensor("'t' has 5 dimensions", rest => rest.Tensor("t", 0, 0, 1, 1, 1, 1, 1));
        Tensor("'t' has 0 dimensions", rest => rest.Tensor("t", 0, 0));
        Tensor("a dimension of 0", rest => rest.Tensor("t", 0, 0, 4, 0));
        Tensor("a dimension of 18446744073709551615", rest => rest.Tensor("t", 0, 0, ulong.MaxValue));
        Tensor("type 4,", rest => rest.Tensor("t", 4, 0, 32));
        Tensor("type 4294967295,", rest => rest.Tensor("t", uint.MaxValue, 0, 32));
        Tensor("multiples of 32", rest => rest.Tensor("t", 8, 0, 33));
        Tensor("more bytes than the file", rest => rest.Tensor("t", 0, 0, long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue));
        Tensor("at 32 of the data; 0 is supported", rest => rest.Tensor("t", 0, 32, 4));
        Tensor("has 64 bytes; 1 to 63", rest => rest.Tensor(new string('t', 64), 0, 0, 4));
        data.Add("'t' is there twice", SampleFile.Header(3, 2, 0, rest => { rest.Tensor("t", 0, 0, 4); rest.Tensor("t", 0, 32, 4); rest.Write(new byte[128]); }));
        data.Add("It was cut", SampleFile.Header(3, 1, 0, rest => { rest.Tensor("t", 0, 0, 16); rest.Write(new byte[60]); }));
        return data;

        void Key(string message, Action<BinaryWriter> value) => data.Add(message, SampleFile.Header(3, 0, 1, rest =>
        {
            rest.Text("k");
            value(rest);
            rest.Write(new byte[8]);
        }));

        void Tensor(string message, Action<BinaryWriter> tensor) => data.Add(message, SampleFile.Header(3, 1, 0, rest =>
        {
            tensor(rest);
            rest.Write(new byte[256]);
        }));

        static void Flag(BinaryWriter rest)
        {
            rest.Text("k");
            rest.Write(7u);
            rest.Write((byte)1);
        }

        static byte[] WithAlignment(uint alignment) => SampleFile.Header(3, 0, 1, rest =>
        {
            rest.Text("general.alignment");
            rest.Write(4u);
            rest.Write(alignment);
        });
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Open_Malformed_IsRefusedByName(string message, byte[] bytes)
    {
        var path = Write(bytes);

        var error = Assert.Throws<GgufFormatException>(() => GgufFile.Open(path));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileWasCutSince_IsRefused()
    {
        var path = Write(SampleFile.Bytes());
        using var file = GgufFile.Open(path);
        using (var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.SetLength(file.Require("cube").Offset + 4);
        }

        var error = Assert.Throws<GgufFormatException>(() => file.Read("cube", new byte[48]));

        Assert.Contains("'cube'", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(byte[] bytes)
    {
        var path = _folder.Combine($"{Guid.NewGuid():N}.gguf");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
