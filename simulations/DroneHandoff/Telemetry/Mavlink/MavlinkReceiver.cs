using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>Receives MAVLink packets on a UDP port, and queues the readings that they make. Sends nothing.</summary>
/// <remarks>
/// Nothing that comes blocks it or ends it. Whoever takes the readings slowly loses the oldest of them, counted, and never holds packets up.
/// </remarks>
internal sealed class MavlinkReceiver : IAsyncDisposable
{
    /// <summary>Readings that wait to be taken, at most: a minute and more of 50 a second.</summary>
    public const int MaxQueued = 4096;

    private const int MaxDatagramBytes = 1 << 16;

    private readonly Socket _socket;
    private readonly MavlinkStream _stream;
    private readonly Channel<TelemetryReading> _readings;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _receiving;
    private TelemetryReading? _last;
    private long _dropped;

    private MavlinkReceiver(Socket socket, byte? system, int maxQueued)
    {
        _socket = socket;
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _readings = Channel.CreateBounded<TelemetryReading>(
            new BoundedChannelOptions(maxQueued) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true },
            _ => _dropped++);
        _stream = new MavlinkStream(
            system,
            reading =>
            {
                _last = reading;
                _readings.Writer.TryWrite(reading);
            });
        _receiving = Task.Run(ReceiveAsync);
    }

    /// <summary>Where packets arrive.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>The readings, oldest first; completes when the receiver is disposed, or with the fault of its socket.</summary>
    public ChannelReader<TelemetryReading> Readings => _readings.Reader;

    /// <summary>What was received so far. A reading that was taken is counted there, with all that came before it.</summary>
    public MavlinkReport Report
    {
        get
        {
            lock (_gate)
            {
                return new MavlinkReport(
                    _stream.Followed?.System, _stream.Followed?.Component, _stream.Counts with { Dropped = _dropped }, _last);
            }
        }
    }

    /// <summary>Takes the port and receives from then on.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="maxQueued">Readings that wait to be taken, at most; at least 1.</param>
    /// <returns>The receiver; the caller's.</returns>
    /// <exception cref="IOException">The port cannot be taken.</exception>
    public static MavlinkReceiver Start(MavlinkEndpoint endpoint, int maxQueued = MaxQueued) =>
        new(endpoint.Bind(), endpoint.System, maxQueued);

    /// <summary>Gives the port back.</summary>
    /// <returns>A task that ends when nothing more is received.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _receiving;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(MaxDatagramBytes, pinned: true);
        try
        {
            while (true)
            {
                var length = await _socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, _stop.Token);
                lock (_gate)
                {
                    _stream.Accept(buffer.AsSpan(0, length));
                }
            }
        }
        catch (OperationCanceledException)
        {
            _readings.Writer.TryComplete();
        }
        catch (SocketException fault)
        {
            _readings.Writer.TryComplete(new IOException($"Nothing more can be received at {LocalEndPoint}: {fault.Message}", fault));
        }
    }
}
