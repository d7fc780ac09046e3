using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;

namespace DroneHandoff.Tests.Tokens;

/// <summary>What the tokenizer promises: bounded error, exact resumption, tokens in range.</summary>
public sealed class TelemetryTokenizerTests
{
    // A little over half a step: rounding of the sums themselves.
    private const double HalfStep = (TokenVocabulary.MetresPerStep / 2) + 1e-9;

    [Theory]
    [MemberData(nameof(Recordings.Sound), MemberType = typeof(Recordings))]
    public void Encode_RealRecording_DecodesWithinHalfAStep(string name)
    {
        var tokenizer = new TelemetryTokenizer(TrackerState.Initial);
        var detokenizer = new TelemetryDetokenizer(TrackerState.Initial);
        var checkedCount = 0;
        foreach (var reading in Recordings.Read(name))
        {
            var before = tokenizer.State;
            var tokens = Encode(tokenizer, reading);
            var decoded = detokenizer.Decode(tokens);

            Assert.NotNull(decoded);
            Assert.All(tokens, token => Assert.InRange(token, 0, TokenVocabulary.Size - 1));
            Assert.Equal(TokenVocabulary.TokensOf(reading.Index + 1), tokenizer.State.Tokens);
            Assert.Equal(reading.Position is null, decoded.Value.EastMetres is null);
            Assert.Equal(reading.HeightMetres is null, decoded.Value.HeightMetres is null);
            AssertSameSums(tokenizer.State, detokenizer.State);
            if (tokenizer.State.Saturated != before.Saturated)
            {
                continue;
            }

            checkedCount++;
            Assert.InRange((decoded.Value.Elapsed - reading.Elapsed).TotalMilliseconds, -5.0, 5.0);
            if (reading.Position is { } position)
            {
                var (east, north) = new LocalPlane(tokenizer.State.Origin!.Value).Project(position);
                Assert.InRange(decoded.Value.EastMetres!.Value - east, -HalfStep, HalfStep);
                Assert.InRange(decoded.Value.NorthMetres!.Value - north, -HalfStep, HalfStep);
            }

            if (reading.HeightMetres is { } height)
            {
                var over = height - tokenizer.State.HeightOrigin!.Value;
                Assert.InRange(decoded.Value.HeightMetres!.Value - over, -HalfStep, HalfStep);
            }

            if (reading.HorizontalSpeed is { } speed)
            {
                Assert.InRange(decoded.Value.HorizontalSpeed!.Value - speed, -0.125, 0.125);
            }
        }

        Assert.True(checkedCount > 0, $"{name}: every reading was cut");
    }

    [Theory]
    [MemberData(nameof(Recordings.Sound), MemberType = typeof(Recordings))]
    public void Encode_ResumedFromAnyState_GivesTheSameTokens(string name)
    {
        var readings = Recordings.Read(name);
        var tokenizer = new TelemetryTokenizer(TrackerState.Initial);
        var states = new List<byte[]> { TrackerState.Initial.ToArray() };
        var tokens = new List<int[]>();
        foreach (var reading in readings)
        {
            tokens.Add(Encode(tokenizer, reading));
            states.Add(tokenizer.State.ToArray());
        }

        for (var start = 0; start < readings.Count; start++)
        {
            var resumed = new TelemetryTokenizer(TrackerState.Parse(states[start]));
            for (var next = start; next < Math.Min(start + 20, readings.Count); next++)
            {
                Assert.Equal(tokens[next], Encode(resumed, readings[next]));
                Assert.Equal(states[next + 1], resumed.State.ToArray());
            }
        }
    }

    [Fact]
    public void Encode_RandomFlights_ErrorStaysBoundedAndCutsAreMadeUpFor()
    {
        for (var seed = 1; seed <= 50; seed++)
        {
            var random = new Random(seed);
            var tokenizer = new TelemetryTokenizer(TrackerState.Initial);
            var plane = default(LocalPlane?);
            var (latitude, longitude) = ((random.NextDouble() * 120) - 60, 179.999);
            var elapsed = TimeSpan.Zero;
            for (var index = 0; index < 300; index++)
            {
                var hasFix = random.Next(10) > 0;
                var jump = random.Next(30) == 0 ? 1e-3 : 2e-5;
                latitude += (random.NextDouble() - 0.5) * jump;
                longitude += (random.NextDouble() - 0.5) * jump;
                longitude = Math.IEEERemainder(longitude, 360);
                elapsed += TimeSpan.FromMilliseconds(random.Next(0, 1500));
                var position = new GeoPosition(latitude, longitude);
                var before = tokenizer.State;
                var tokens = Encode(
                    tokenizer,
                    new TelemetryReading(index, elapsed, hasFix ? position : null, null, null, null));

                Assert.All(tokens, token => Assert.InRange(token, 0, TokenVocabulary.Size - 1));
                plane ??= hasFix ? new LocalPlane(position) : null;
                if (hasFix && tokenizer.State.Saturated == before.Saturated)
                {
                    var (east, north) = plane!.Value.Project(position);
                    var error = Math.Max(
                        Math.Abs((tokenizer.State.East * TokenVocabulary.MetresPerStep) - east),
                        Math.Abs((tokenizer.State.North * TokenVocabulary.MetresPerStep) - north));
                    Assert.True(error <= HalfStep, $"seed {seed}, reading {index}: error {error} m");
                }
            }

            // A drone that hovers: what was cut is made up for.
            for (var index = 300; index < 420; index++)
            {
                elapsed += TimeSpan.FromMilliseconds(20);
                Encode(
                    tokenizer,
                    new TelemetryReading(
                        index, elapsed, new GeoPosition(latitude, longitude), null, null, null));
            }

            var (restEast, restNorth) = plane!.Value.Project(new GeoPosition(latitude, longitude));
            Assert.True(
                Math.Abs((tokenizer.State.East * TokenVocabulary.MetresPerStep) - restEast) <= HalfStep
                && Math.Abs((tokenizer.State.North * TokenVocabulary.MetresPerStep) - restNorth) <= HalfStep,
                $"seed {seed}: the rest was not made up for");
        }
    }

    [Fact]
    public void Encode_FixComesLate_BecomesTheOrigin()
    {
        var tokenizer = new TelemetryTokenizer(TrackerState.Initial);
        var position = new GeoPosition(47, 8);

        var lost = Encode(tokenizer, new TelemetryReading(0, TimeSpan.Zero, null, null, null, null));
        var found = Encode(tokenizer, new TelemetryReading(1, TimeSpan.Zero, position, 12, 3.0, null));

        Assert.Equal(
            [TokenVocabulary.StartWithoutFix, TokenVocabulary.NoHeight, TokenVocabulary.NoSpeed, TokenVocabulary.Time],
            lost);
        Assert.Equal(
            [
                TokenVocabulary.Reading, TokenVocabulary.FixAcquired, TokenVocabulary.FixAcquired,
                TokenVocabulary.Height + TokenVocabulary.MaxDelta, TokenVocabulary.Speed + 12, TokenVocabulary.Time,
            ],
            found);
        Assert.Equal(position, tokenizer.State.Origin);
    }

    // Pins the tokens of the default recording. If this fails, give the vocabulary a new name.
    [Fact]
    public void Encode_DefaultRecording_GivesTheGoldenTokens()
    {
        var tokenizer = new TelemetryTokenizer(TrackerState.Initial);
        var tokens = Recordings.Read("m2zoom.SRT").SelectMany(reading => Encode(tokenizer, reading)).ToArray();

        Assert.Equal(17_998, tokens.Length);
        Assert.Equal([0, 653, 781, 901, 2, 143, 398, 653, 781, 903], tokens[..10]);
        Assert.Equal("382ec2fee1559322520b904b6326973918e38d60910207442affe2c5a277b0e4", Digest(tokens));
    }

    [Fact]
    public void Encode_ShortDestination_ThrowsAndKeepsItsState()
    {
        var tokenizer = new TelemetryTokenizer(TrackerState.Initial);

        Assert.Throws<ArgumentException>(() => tokenizer.Encode(default, new int[3]));
        Assert.Equal(TrackerState.Initial, tokenizer.State);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    [InlineData(9, 1)]
    [InlineData(10, 2)]
    [InlineData(4096, 683)]
    [InlineData(16_384, 2731)]
    public void ReadingsIn_AnyTokens_CountsWholeReadings(long tokens, long readings) =>
        Assert.Equal(readings, TokenVocabulary.ReadingsIn(tokens));

    private static string Digest(int[] tokens) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
            tokens.SelectMany(BitConverter.GetBytes).ToArray()));

    private static int[] Encode(TelemetryTokenizer tokenizer, in TelemetryReading reading)
    {
        var buffer = new int[TokenVocabulary.ReadingTokens];
        return buffer[..tokenizer.Encode(reading, buffer)];
    }

    private static void AssertSameSums(TrackerState encoded, TrackerState decoded) =>
        Assert.Equal(
            encoded with { Origin = null, HeightOrigin = null, TimeOrigin = default, Saturated = 0 }, decoded);
}
