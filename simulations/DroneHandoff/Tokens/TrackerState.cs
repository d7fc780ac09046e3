using System.Buffers.Binary;
using DroneHandoff.Telemetry;

namespace DroneHandoff.Tokens;

/// <summary>
/// All that a tokenizer remembers between readings. It travels with the context as a named state, so that a
/// successor's tokenizer goes on exactly where the predecessor's stopped.
/// </summary>
/// <remarks>
/// Positions, heights and times are whole steps of <see cref="TokenVocabulary"/>: what a reader of the tokens would have
/// summed up. Encoding against these sums keeps quantization errors from adding up.
/// </remarks>
public sealed record TrackerState
{
    /// <summary>Name under which the state is kept with a context.</summary>
    public const string Name = "tracker";

    /// <summary>Size of the encoded form, in bytes.</summary>
    public const int SizeBytes = 2 + (12 * sizeof(long));

    private const byte Version = 1;
    private const byte HasOrigin = 1;
    private const byte HasHeight = 2;

    /// <summary>The state before any reading.</summary>
    public static TrackerState Initial { get; } = new();

    /// <summary>Readings encoded so far.</summary>
    public long Readings { get; init; }

    /// <summary>Tokens that they gave.</summary>
    public long Tokens => TokenVocabulary.TokensOf(Readings);

    /// <summary>Values cut to the largest that a token can say, so far. The rest of each came with later readings.</summary>
    public long Saturated { get; init; }

    /// <summary>Position of the first fix.</summary>
    public GeoPosition? Origin { get; init; }

    /// <summary>Steps to the east of the origin.</summary>
    public long East { get; init; }

    /// <summary>Steps to the north of the origin.</summary>
    public long North { get; init; }

    /// <summary>The first recorded height, in metres.</summary>
    public double? HeightOrigin { get; init; }

    /// <summary>Steps above the first height.</summary>
    public long Height { get; init; }

    /// <summary>The first reading's time.</summary>
    public TimeSpan TimeOrigin { get; init; }

    /// <summary>Steps since the first reading's time.</summary>
    public long Time { get; init; }

    /// <summary>Smoothed speed over ground in m/s, for recordings that have none.</summary>
    public double SpeedEstimate { get; init; }

    /// <summary>Reads the encoded form.</summary>
    /// <param name="source">Exactly <see cref="SizeBytes"/> bytes.</param>
    /// <returns>The state.</returns>
    /// <exception cref="FormatException">The bytes are not a tracker's state; the message says why.</exception>
    public static TrackerState Parse(ReadOnlySpan<byte> source)
    {
        if (source.Length != SizeBytes || source[0] != Version || source[1] > (HasOrigin | HasHeight))
        {
            throw new FormatException(
                $"A tracker's state has {SizeBytes} bytes, version {Version} and flags up to {HasOrigin | HasHeight}; "
                + (source.Length < 2
                    ? $"got {source.Length} bytes."
                    : $"got {source.Length} bytes, version {source[0]}, flags {source[1]}."));
        }

        var state = new TrackerState
        {
            Readings = Int64(source, 0),
            Saturated = Int64(source, 1),
            Origin = (source[1] & HasOrigin) != 0
                ? new GeoPosition(Double(source, 2), Double(source, 3))
                : null,
            East = Int64(source, 4),
            North = Int64(source, 5),
            HeightOrigin = (source[1] & HasHeight) != 0 ? Double(source, 6) : null,
            Height = Int64(source, 7),
            TimeOrigin = new TimeSpan(Int64(source, 8)),
            Time = Int64(source, 9),
            SpeedEstimate = Double(source, 10),
        };
        var isSound = state is { Readings: >= 0, Saturated: >= 0, Time: >= 0, SpeedEstimate: >= 0 }
            && double.IsFinite(state.SpeedEstimate)
            && double.IsFinite(state.HeightOrigin ?? 0)
            && state.Origin is null or { Latitude: >= -90 and <= 90, Longitude: >= -180 and <= 180 }
            && Int64(source, 11) == state.Tokens;
        return isSound ? state : throw new FormatException(
            "The tracker's state contradicts itself: a count, a position or a speed is out of range. "
            + "It was damaged, or made by something else.");
    }

    /// <summary>The encoded form, little-endian: version, flags, then twelve words of 8 bytes.</summary>
    /// <returns>A new array of <see cref="SizeBytes"/> bytes.</returns>
    public byte[] ToArray()
    {
        var bytes = new byte[SizeBytes];
        bytes[0] = Version;
        bytes[1] = (byte)((Origin is null ? 0 : HasOrigin) | (HeightOrigin is null ? 0 : HasHeight));
        ReadOnlySpan<long> words =
        [
            Readings,
            Saturated,
            BitConverter.DoubleToInt64Bits(Origin?.Latitude ?? 0),
            BitConverter.DoubleToInt64Bits(Origin?.Longitude ?? 0),
            East,
            North,
            BitConverter.DoubleToInt64Bits(HeightOrigin ?? 0),
            Height,
            TimeOrigin.Ticks,
            Time,
            BitConverter.DoubleToInt64Bits(SpeedEstimate),
            Tokens,
        ];
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2 + (i * sizeof(long))), words[i]);
        }

        return bytes;
    }

    private static long Int64(ReadOnlySpan<byte> source, int word) =>
        BinaryPrimitives.ReadInt64LittleEndian(source[(2 + (word * sizeof(long)))..]);

    private static double Double(ReadOnlySpan<byte> source, int word) =>
        BitConverter.Int64BitsToDouble(Int64(source, word));
}
