using Swarm.Core.Memory;
using Swarm.Testing;
using Xunit;

namespace Swarm.Core.Tests.Memory;

/// <summary>Copies past the caches: the same bytes, and not one more.</summary>
public sealed class StreamingCopyTests
{
    private readonly SeededTest _seeded = new();

    [Fact]
    public void Copy_AnyLengthAndAlignment_WritesTheseBytesAlone()
    {
        var source = new byte[20_000];
        _seeded.Random.NextBytes(source);
        var destination = new byte[source.Length + 200];
        for (var round = 0; round < 3000; round++)
        {
            var length = _seeded.Random.Next(2) == 0 ? _seeded.Random.Next(300) : 4000 + _seeded.Random.Next(source.Length - 4100);
            var (from, to) = (_seeded.Random.Next(source.Length - length), _seeded.Random.Next(100));
            destination.AsSpan().Fill(0xEE);

            StreamingCopy.Copy(source.AsSpan(from, length), destination.AsSpan(to, length + _seeded.Random.Next(50)));

            Assert.True(source.AsSpan(from, length).SequenceEqual(destination.AsSpan(to, length)), $"{length} bytes from {from} to {to}, seed {_seeded.Seed}");
            Assert.Equal(-1, destination.AsSpan(0, to).IndexOfAnyExcept((byte)0xEE));
            Assert.Equal(-1, destination.AsSpan(to + length).IndexOfAnyExcept((byte)0xEE));
        }

        Assert.Throws<ArgumentException>(() => StreamingCopy.Copy(new byte[10], new byte[9]));
        Assert.ThrowsAny<ArgumentException>(() => StreamingCopy.Copy(new byte[5000], new byte[4999]));
    }
}
