using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;

namespace DroneHandoff.Tests.Tokens;

/// <summary>The state that travels with a context: small, exact, and checked when it comes back.</summary>
public sealed class TrackerStateTests
{
    private static readonly TrackerState Sample = new()
    {
        Readings = 12,
        Saturated = 3,
        Origin = new GeoPosition(-31.4, 74.3),
        East = -7,
        North = 12_345,
        HeightOrigin = 213.98,
        Height = 99,
        TimeOrigin = TimeSpan.FromMilliseconds(17),
        Time = 1234,
        SpeedEstimate = 1.25,
    };

    [Fact]
    public void Parse_OwnEncoding_GivesTheSameState()
    {
        Assert.Equal(Sample, TrackerState.Parse(Sample.ToArray()));
        Assert.Equal(TrackerState.Initial, TrackerState.Parse(TrackerState.Initial.ToArray()));
        Assert.Equal(98, TrackerState.SizeBytes);
    }

    [Fact]
    public void Parse_AnyTruncation_IsRefused()
    {
        var bytes = Sample.ToArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<FormatException>(() => TrackerState.Parse(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Parse_DamagedBytes_GivesAStateOrTheError()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = Sample.ToArray();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                _ = TrackerState.Parse(bytes);
            }
            catch (FormatException)
            {
                // The one error that is allowed.
            }
        }
    }

    [Fact]
    public void Parse_OtherVersionOrImpossibleValue_IsRefused()
    {
        var version = Sample.ToArray();
        version[0] = 9;
        var negative = (Sample with { Time = -1 }).ToArray();
        var nowhere = (Sample with { Origin = new GeoPosition(91, 0) }).ToArray();
        var endless = (Sample with { SpeedEstimate = double.PositiveInfinity }).ToArray();

        Assert.All(
            new[] { version, negative, nowhere, endless },
            bytes => Assert.Throws<FormatException>(() => TrackerState.Parse(bytes)));
    }
}
