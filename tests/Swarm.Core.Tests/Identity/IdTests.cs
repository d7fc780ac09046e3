using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Core.Tests.Identity;

/// <summary><see cref="Id128"/> and <see cref="Digest256"/>: bytes, text and order agree.</summary>
public sealed class IdTests
{
    [Fact]
    public void Id128_BytesAndText_RoundTripAndOrderAlike()
    {
        var random = new Random(1);
        Id128? previous = null;
        for (var round = 0; round < 1000; round++)
        {
            var id = new Id128((ulong)random.NextInt64() << 1, (ulong)random.NextInt64() << 1);

            Assert.Equal(id, new Id128(id.ToArray()));
            Assert.True(Id128.TryParse(id.ToString(), out var parsed) && parsed == id, $"seed 1, round {round}");
            Assert.Equal(Convert.ToHexString(id.ToArray()), id.ToString(), ignoreCase: true);
            if (previous is { } other)
            {
                Assert.Equal(
                    Math.Sign(string.CompareOrdinal(other.ToString(), id.ToString())), Math.Sign(other.CompareTo(id)));
            }

            previous = id;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef0123456789abcde")]
    [InlineData("0123456789abcdef0123456789abcdeg")]
    [InlineData("+123456789abcdef0123456789abcdef")]
    public void TryParse_NoId_IsRefused(string text)
    {
        Assert.False(Id128.TryParse(text, out var id));
        Assert.True(id.IsDefault);
    }

    [Fact]
    public void Sha256_KnownInput_HasTheKnownDigest() => Assert.Equal(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        Digest256.Sha256("abc"u8).ToString());

    [Fact]
    public void Digest256_BytesTextAndOrder_Agree()
    {
        var random = new Random(2);
        var (left, right) = (new byte[Digest256.SizeBytes], new byte[Digest256.SizeBytes]);
        for (var round = 0; round < 1000; round++)
        {
            random.NextBytes(left);
            left.CopyTo(right.AsSpan());
            right[random.Next(right.Length)] ^= (byte)random.Next(256);
            var (a, b) = (new Digest256(left), new Digest256(right));

            Assert.Equal(left, a.ToArray());
            Assert.Equal(a, Digest256.Parse(a.ToString()));
            Assert.Equal(Math.Sign(left.AsSpan().SequenceCompareTo(right)), Math.Sign(a.CompareTo(b)));
            Assert.Equal(left.AsSpan().SequenceEqual(right), a == b);
            Assert.Equal(a == b, a.FixedTimeEquals(b));
        }
    }

    [Fact]
    public void Digest256_WrongLength_Throws()
    {
        Assert.Throws<ArgumentException>(() => new Digest256(new byte[31]));
        Assert.Throws<FormatException>(() => Digest256.Parse("abcd"));
        Assert.Throws<ArgumentException>(() => new Id128(new byte[17]));
    }
}
