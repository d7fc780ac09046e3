using DroneHandoff.Tokens;

namespace DroneHandoff.Tests.Tokens;

/// <summary>A model may say anything: what is no reading is told so, and changes nothing.</summary>
public sealed class TelemetryDetokenizerTests
{
    private static readonly int[] First =
        [TokenVocabulary.Start, TokenVocabulary.NoHeight, TokenVocabulary.Speed, TokenVocabulary.Time];

    [Fact]
    public void Decode_RandomTokens_NeverThrows()
    {
        const int Seed = 3;
        var random = new Random(Seed);
        var detokenizer = new TelemetryDetokenizer(TrackerState.Initial);
        Assert.NotNull(detokenizer.Decode(First));
        for (var round = 0; round < 20_000; round++)
        {
            var tokens = new int[random.Next(0, 9)];
            for (var i = 0; i < tokens.Length; i++)
            {
                tokens[i] = i == 0 ? random.Next(-1, 5) : random.Next(-5, 1100);
            }

            var before = detokenizer.State;
            if (detokenizer.Decode(tokens) is null)
            {
                Assert.Same(before, detokenizer.State);
            }
        }
    }

    [Fact]
    public void Decode_WrongPlace_IsNoReading()
    {
        var detokenizer = new TelemetryDetokenizer(TrackerState.Initial);
        int[] later =
        [
            TokenVocabulary.Reading, TokenVocabulary.East, TokenVocabulary.North, TokenVocabulary.NoHeight,
            TokenVocabulary.NoSpeed, TokenVocabulary.Time,
        ];

        Assert.Null(detokenizer.Decode(later));
        Assert.NotNull(detokenizer.Decode(First));
        Assert.Null(detokenizer.Decode(First));
        Assert.Equal(-12.7, detokenizer.Decode(later)!.Value.EastMetres!.Value, 9);
    }

    [Fact]
    public void Decode_OneFixTokenOnly_IsNoReading()
    {
        var detokenizer = new TelemetryDetokenizer(TrackerState.Initial);
        detokenizer.Decode(First);

        Assert.Null(detokenizer.Decode(
            [
                TokenVocabulary.Reading, TokenVocabulary.NoFix, TokenVocabulary.North, TokenVocabulary.NoHeight,
                TokenVocabulary.NoSpeed, TokenVocabulary.Time,
            ]));
    }
}
