namespace DroneHandoff.Telemetry;

/// <summary>A recorded flight that goes on for ever: at its end it is flown back, then forth again.</summary>
/// <remarks>
/// Of n recorded readings the flight gives 0 to n-1, then n-2 down to 0, then 1 to n-1, and so on. The drone never
/// jumps, the time between two neighbours stays theirs, and reading k depends on nothing but k. Holds the recording
/// in memory: at most <see cref="MaxReadings"/> readings, about 80 MB.
/// </remarks>
public sealed class Flight : IFlight
{
    /// <summary>Most readings of one recording: 4.6 hours at 60 readings a second.</summary>
    public const int MaxReadings = 1_000_000;

    private readonly TelemetryReading[] _recording;

    /// <summary>Takes over a recording.</summary>
    /// <param name="source">Its name.</param>
    /// <param name="recording">1 to <see cref="MaxReadings"/> readings in order, the first at time 0.</param>
    /// <exception cref="ArgumentException">There are none, or too many.</exception>
    public Flight(string source, IEnumerable<TelemetryReading> recording)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(recording);
        Source = source;
        _recording = [.. recording.Take(MaxReadings + 1)];
        if (_recording.Length is 0 or > MaxReadings)
        {
            throw new ArgumentException(
                $"'{source}' has {(_recording.Length == 0 ? "no" : $"over {MaxReadings}")} readings; "
                + $"1 to {MaxReadings} are needed.",
                nameof(recording));
        }
    }

    /// <summary>Name of the recording.</summary>
    public string Source { get; }

    /// <summary>Readings of the recording itself.</summary>
    public int RecordedCount => _recording.Length;

    /// <summary>What the recording lacks and was read without, in sentences for the user; empty where it is whole.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>Reads a telemetry file whole, so that its faults show before anything starts.</summary>
    /// <param name="path">Path of the file.</param>
    /// <returns>The flight, named by the file's name, with <see cref="Warnings"/>.</returns>
    /// <exception cref="TelemetryFormatException">The file is not valid.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Flight Load(string path)
    {
        var notes = new RecordingNotes(Path.GetFileName(path));
        var readings = UlogReader.Is(path) ? UlogReader.ReadFile(path, notes) : SrtReader.ReadFile(path, notes);
        return new Flight(Path.GetFileName(path), readings) { Warnings = notes.Warnings };
    }

    /// <inheritdoc/>
    ValueTask IFlight.WaitForAsync(long index) => ValueTask.CompletedTask;

    /// <summary>One reading of the endless flight.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <returns>The reading, with this index and the time since the flight's start.</returns>
    public TelemetryReading ReadingAt(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var legLength = _recording.Length - 1;
        if (legLength == 0)
        {
            return _recording[0] with { Index = index };
        }

        var (leg, step) = Math.DivRem(index, legLength);
        var isForth = leg % 2 == 0;
        var duration = _recording[^1].Elapsed;
        var recorded = _recording[isForth ? step : legLength - step];
        var elapsedInLeg = isForth ? recorded.Elapsed : duration - recorded.Elapsed;
        return recorded with
        {
            Index = index,
            Elapsed = (duration * leg) + elapsedInLeg,
            VerticalSpeed = isForth ? recorded.VerticalSpeed : -recorded.VerticalSpeed,
        };
    }
}
