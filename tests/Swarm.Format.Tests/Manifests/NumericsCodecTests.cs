using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Xunit;

namespace Swarm.Format.Tests.Manifests;

/// <summary>The state that tells which numerics identities computed a context.</summary>
public sealed class NumericsCodecTests
{
    private const string Pinned = "91929200a3" + "6f6e65" + "92cd012ca3" + "74776f";

    private static readonly NumericsRun[] _runs =
        [new(0, new NumericsIdentity("one")), new(300, new NumericsIdentity("two"))];

    // Pins the persisted bytes.
    [Fact]
    public void Encode_Runs_GivesThePinnedBytesAndThemBack()
    {
        var bytes = NumericsCodec.Encode(_runs);

        Assert.Equal(Pinned, Convert.ToHexStringLower(bytes));
        Assert.Equal(_runs, NumericsCodec.Decode(bytes));
    }

    [Fact]
    public void Encode_AsManyAndAsLongAsAllowed_FitsAState()
    {
        NumericsRun[] most =
            [.. Enumerable.Range(0, NumericsCodec.MaxRuns).Select(i => new NumericsRun(long.MaxValue, new NumericsIdentity($"{i:000}{new string('x', NumericsIdentity.MaxBytes - 3)}")))];

        Assert.InRange(NumericsCodec.Encode(most).Length, 1, NamedState.MaxBytes);
        Assert.Throws<ArgumentException>(() => NumericsCodec.Encode([.. most, most[0]]));
    }

    // A later build may append fields.
    [Fact]
    public void Decode_MoreFields_SkipsThem() =>
        Assert.Equal(_runs[..1], NumericsCodec.Decode(Convert.FromHexString("92919300a3" + "6f6e65" + "0505")));

    [Fact]
    public void Decode_AnyBytes_GivesRunsOrTheTypedError()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Convert.FromHexString(Pinned);
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var cut = bytes.AsMemory(0, random.Next(bytes.Length + 1));
            try
            {
                Assert.All(NumericsCodec.Decode(cut), run => Assert.True(run.FirstPosition >= 0, $"seed {Seed}, round {round}"));
            }
            catch (CorruptObjectException)
            {
                // The typed error.
            }
        }
    }
}
