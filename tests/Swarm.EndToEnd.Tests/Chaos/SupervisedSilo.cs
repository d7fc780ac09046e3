using System.Net;
using System.Net.Sockets;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>A silo that is started again on the same ports whenever it ends, as systemd or Kubernetes do.</summary>
internal sealed class SupervisedSilo : IAsyncDisposable
{
    // A silo that is starting does not hold its ports yet.
    private static readonly HashSet<int> _given = [];

    private readonly string[] _settings;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource<HostProcess> _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;

    private SupervisedSilo(string address, string dataPlane, string[] settings)
    {
        Address = address;
        DataPlane = dataPlane;
        _settings = settings;
    }

    /// <summary>Gateway, <c>host:port</c>.</summary>
    public string Address { get; }

    /// <summary>Data plane, <c>host:port</c>.</summary>
    public string DataPlane { get; }

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    /// <summary>Exit codes of those that ended by themselves, and the last lines of what they printed.</summary>
    public List<string> Ends { get; } = [];

    /// <summary>Called with each line of its log, of all that ran, as it is read.</summary>
    public Action<string>? LineRead { get; set; }

    /// <summary>The running process, once it is ready.</summary>
    public Task<HostProcess> Up
    {
        get
        {
            lock (_lock)
            {
                return _up.Task;
            }
        }
    }

    /// <summary>Chooses ports and starts it; <see cref="Up"/> is when it is ready.</summary>
    public static SupervisedSilo Start(Random random, string[] settings)
    {
        var ports = FreePorts(random);
        var silo = new SupervisedSilo(
            $"127.0.0.1:{ports[0]}",
            $"127.0.0.1:{ports[1]}",
            [
                $"--Swarm:Endpoints:Gateway={ports[0]}", $"--Swarm:Endpoints:DataPlane={ports[1]}",
                $"--Swarm:Endpoints:Http={ports[2]}", $"--Swarm:Endpoints:Silo={ports[3]}", .. settings,
            ]);
        silo._running = silo.SuperviseAsync();
        return silo;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task SuperviseAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var host = await HostProcess.StartAsync(_settings);
                host.LineRead = line => LineRead?.Invoke(line);
                Starts++;
                lock (_lock)
                {
                    _up.SetResult(host);
                }

                var exited = host.Exited;
                await Task.WhenAny(exited, Task.Delay(Timeout.Infinite, _stop.Token));
                lock (_lock)
                {
                    _up = new TaskCompletionSource<HostProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                if (!_stop.IsCancellationRequested)
                {
                    Ends.Add($"{DataPlane} ended with {await exited}:\n{host.Output}");
                }
            }
            catch (InvalidOperationException ended)
            {
                Ends.Add($"{DataPlane} did not start: {ended.Message}"); // Its ports may still be held: once more.
            }
        }
    }

    /// <summary>Free ports below the range that the system gives to outgoing connections.</summary>
    private static int[] FreePorts(Random random)
    {
        List<int> ports = [];
        while (ports.Count < 4)
        {
            var port = random.Next(15_000, 30_000);
            if (_given.Contains(port))
            {
                continue;
            }

            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                ports.Add(port);
                _given.Add(port);
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }

        return [.. ports];
    }
}
