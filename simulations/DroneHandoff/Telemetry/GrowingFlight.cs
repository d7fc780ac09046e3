namespace DroneHandoff.Telemetry;

/// <summary>A live flight as a role sees it: a file of <see cref="ReadingRecord"/>s that another process appends to.</summary>
/// <remarks>All roles read the same file, so that they have the same readings. It does not turn back at its end: the drone flies on.</remarks>
/// <param name="path">Path of the file.</param>
internal sealed class GrowingFlight(string path) : IFlight
{
    /// <summary>How the file's name ends.</summary>
    public const string Extension = ".readings";

    private const int RecordsAtOnce = 512;
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(5);

    private readonly List<TelemetryReading> _readings = [];

    /// <summary>Whether a file is one.</summary>
    /// <param name="path">Its path.</param>
    public static bool Is(string path) => path.EndsWith(Extension, StringComparison.Ordinal);

    /// <inheritdoc/>
    public async ValueTask WaitForAsync(long index)
    {
        while (!HasRead(index))
        {
            await Task.Delay(PollTime); // For the drone.
        }
    }

    /// <inheritdoc/>
    public TelemetryReading ReadingAt(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return HasRead(index)
            ? _readings[(int)index]
            : throw new InvalidOperationException($"Reading {index} has not come yet; the newest one is {_readings.Count - 1}.");
    }

    private bool HasRead(long index)
    {
        if (index >= _readings.Count)
        {
            ReadMore();
        }

        return index < _readings.Count;
    }

    // All whole records that are new; half of one may be there.
    private void ReadMore()
    {
        using var file = File.OpenHandle(path, share: FileShare.ReadWrite);
        var buffer = new byte[RecordsAtOnce * ReadingRecord.SizeBytes];
        for (var count = RecordsAtOnce; count == RecordsAtOnce;)
        {
            count = RandomAccess.Read(file, buffer, (long)_readings.Count * ReadingRecord.SizeBytes) / ReadingRecord.SizeBytes;
            for (var record = 0; record < count; record++)
            {
                _readings.Add(ReadingRecord.Read(buffer.AsSpan(record * ReadingRecord.SizeBytes), _readings.Count));
            }
        }
    }
}
