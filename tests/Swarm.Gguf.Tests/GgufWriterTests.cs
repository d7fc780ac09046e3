using Swarm.Testing;
using Xunit;

namespace Swarm.Gguf.Tests;

/// <summary>Writing a file: its bytes, and what is refused.</summary>
public sealed class GgufWriterTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    // By the format's document, byte by byte.
    [Fact]
    public void Write_SmallFile_HasTheBytesOfTheFormat()
    {
        var writer = new GgufWriter();
        writer.Add("k", 7u);
        writer.AddTensor("t", GgufTensorType.Float32, [1, 2], SampleFile.Fill(8, 5));
        using var stream = new MemoryStream();

        writer.Write(stream);

        var expected = SampleFile.Header(3, 1, 1, rest =>
        {
            rest.Text("k");
            rest.Write(4u);
            rest.Write(7u);
            rest.Tensor("t", 0, 0, 1, 2);
            rest.Write(new byte[32 - ((24 + 17 + 41) % 32)]);
            rest.Write((ReadOnlySpan<byte>)[5, 5, 5, 5, 5, 5, 5, 5]);
            rest.Write(new byte[24]);
        });
        Assert.Equal(expected, stream.ToArray());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    public void Write_CallbackOfAnotherLength_ThrowsAndLeavesWhatWasThere(int count)
    {
        var path = _folder.Combine("model.gguf");
        File.WriteAllText(path, "old");
        var writer = new GgufWriter();
        writer.AddTensor("t", GgufTensorType.Float32, [2], SampleFile.Fill(count, 1));

        var error = Assert.Throws<InvalidOperationException>(() => writer.Write(path));

        Assert.Contains("'t'", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{count}", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Add_WhatTheFormatDoesNotTake_Throws()
    {
        var writer = SampleFile.Writer();

        Assert.Throws<ArgumentException>(() => writer.Add("a.flag", true));
        Assert.Throws<ArgumentException>(() => writer.Add("", true));
        Assert.Throws<ArgumentException>(() => writer.Add("a\0b", true));
        Assert.Throws<ArgumentException>(() => writer.Add("general.alignment", 64u));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("norm", GgufTensorType.Float32, [1], SampleFile.Fill(4, 0)));
        Assert.Throws<ArgumentException>(() => writer.AddTensor(new string('é', 32), GgufTensorType.Float32, [1], SampleFile.Fill(4, 0)));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("x", GgufTensorType.Float32, [1, 1, 1, 1, 1], SampleFile.Fill(4, 0)));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("x", GgufTensorType.Float32, [], SampleFile.Fill(4, 0)));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("x", GgufTensorType.Float32, [0], SampleFile.Fill(4, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.AddTensor("x", GgufTensorType.Q8_0, [33], SampleFile.Fill(4, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.AddTensor("x", (GgufTensorType)4, [32], SampleFile.Fill(4, 0)));
    }

    public void Dispose() => _folder.Dispose();
}
