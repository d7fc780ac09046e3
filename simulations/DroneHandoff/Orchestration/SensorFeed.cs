using DroneHandoff.Options;
using DroneHandoff.Processes;
using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Orchestration;

/// <summary>The sensor of a run: all roles read it from one file, so that they see the same.</summary>
/// <remarks>
/// A recording is that file. A live drone's readings are received here, once, and appended to a file of the run's folder while the roles read it.
/// The roles are told to go on when what they need is there: no timed step waits for the drone.
/// </remarks>
internal sealed class SensorFeed : IAsyncDisposable
{
    /// <summary>How long a drone may be silent.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(20);

    private readonly MavlinkReceiver? _receiver;
    private readonly TimeSpan _maxSilence;
    private readonly string _name;
    private readonly Lock _gate = new();
    private readonly Task _recording = Task.CompletedTask;
    private TaskCompletionSource _grown = NewSignal();
    private long _recorded;

    private SensorFeed(string name, string path, MavlinkReceiver? receiver, TimeSpan maxSilence)
    {
        (_name, Path, _receiver, _maxSilence) = (name, path, receiver, maxSilence);
        if (receiver is not null)
        {
            // Made before anybody reads it, and written by this process alone.
            _recording = RecordAsync(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0), receiver);
        }
    }

    /// <summary>The file that the roles read.</summary>
    public string Path { get; }

    /// <summary>What was received; <see langword="null"/> of a recording.</summary>
    public MavlinkReport? Report => _receiver?.Report;

    /// <summary>Begins to receive, where readings are live.</summary>
    /// <param name="sensor">Which sensor.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="maxSilence">How long a drone may be silent; <see cref="MaxSilence"/> where not given.</param>
    /// <returns>The feed.</returns>
    /// <exception cref="DemoException">The port cannot be taken.</exception>
    public static SensorFeed Start(DemoSensor sensor, RunFolder folder, TimeSpan? maxSilence = null)
    {
        try
        {
            return sensor switch
            {
                LiveSensor live => new SensorFeed(
                    live.Name,
                    folder.Combine($"live{GrowingFlight.Extension}"),
                    MavlinkReceiver.Start(live.Endpoint),
                    maxSilence ?? MaxSilence),
                RecordedSensor recorded => new SensorFeed(recorded.Name, recorded.Path, null, default),
                _ => throw new ArgumentException($"There is no sensor '{sensor}'.", nameof(sensor)),
            };
        }
        catch (IOException fault)
        {
            throw new DemoException($"--telemetry '{sensor.Name}' cannot be received: {fault.Message}", fault);
        }
    }

    /// <summary>Waits until so many readings are in the file.</summary>
    /// <param name="readings">How many, from the flight's start.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when they are there; at once, for a recording.</returns>
    /// <exception cref="DemoException">The drone was silent too long: the message tells what came instead.</exception>
    public async Task WaitForAsync(long readings, CancellationToken cancellationToken)
    {
        while (_receiver is not null && Volatile.Read(ref _recorded) < readings)
        {
            Task grown;
            lock (_gate)
            {
                grown = _recorded < readings ? _grown.Task : Task.CompletedTask;
            }

            try
            {
                await (await Task.WhenAny(grown, _recording).WaitAsync(_maxSilence, cancellationToken));
            }
            catch (TimeoutException fault)
            {
                throw new DemoException(
                    $"--telemetry '{_name}' gave no reading for {_maxSilence.TotalSeconds:0.#} s; {readings} are needed, {_recorded} came. "
                    + _receiver.Report.Explain(),
                    fault);
            }
            catch (IOException fault)
            {
                throw new DemoException($"--telemetry '{_name}' cannot be received any more: {fault.Message}", fault);
            }
        }
    }

    /// <summary>Waits until there is a reading behind those that are there now.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when it is there; at once, for a recording.</returns>
    /// <exception cref="DemoException">The drone was silent too long.</exception>
    public Task WaitForOneMoreAsync(CancellationToken cancellationToken) => WaitForAsync(Volatile.Read(ref _recorded) + 1, cancellationToken);

    /// <summary>Ends receiving.</summary>
    /// <returns>A task that ends when the port is free and the file is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
            await _recording.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Its fault was told where somebody waited.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RecordAsync(FileStream file, MavlinkReceiver receiver)
    {
        await using var _ = file;
        var record = new byte[ReadingRecord.SizeBytes];
        await foreach (var reading in receiver.Readings.ReadAllAsync())
        {
            if (_recorded < Flight.MaxReadings)
            {
                ReadingRecord.Write(reading, record);
                await file.WriteAsync(record);
                Advance();
            }
        }
    }

    private void Advance()
    {
        TaskCompletionSource grown;
        lock (_gate)
        {
            _recorded++;
            (grown, _grown) = (_grown, NewSignal());
        }

        grown.SetResult();
    }
}
