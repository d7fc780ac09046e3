using DroneHandoff.Roles;

namespace DroneHandoff.Processes;

/// <summary>A silo in a process of its own, and its successors on the same ports and blobs.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);

    private readonly IReadOnlyDictionary<string, string> _store;
    private readonly RunFolder _folder;
    private readonly int[] _ports = LoopbackPorts.FindFree(4);
    private ChildProcess _child;
    private int _lives;

    private SiloProcess(IReadOnlyDictionary<string, string> store, RunFolder folder)
    {
        _store = store;
        _folder = folder;
        _child = StartChild();
    }

    /// <summary>Where agents connect, as <c>swarm://host:port</c>.</summary>
    public string Address => $"swarm://127.0.0.1:{_ports[1]}";

    /// <summary>Its data plane, as <c>host:port</c>.</summary>
    public string DataPlane => $"127.0.0.1:{_ports[2]}";

    /// <summary>Starts a silo on free loopback ports, and waits until it is ready.</summary>
    /// <param name="store">The silo's settings of its store.</param>
    /// <param name="folder">Where its log goes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The running silo.</returns>
    /// <exception cref="DemoException">It ended, or was not ready in time.</exception>
    public static async Task<SiloProcess> StartAsync(
        IReadOnlyDictionary<string, string> store, RunFolder folder, CancellationToken cancellationToken)
    {
        var silo = new SiloProcess(store, folder);
        try
        {
            await silo.WaitUntilReadyAsync(cancellationToken);
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills the silo, as SIGKILL does, and starts another one on the same ports and blobs.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when the other one is ready.</returns>
    /// <exception cref="DemoException">It ended, or was not ready in time.</exception>
    public async Task LoseAsync(CancellationToken cancellationToken)
    {
        await _child.KillChildrenAsync(cancellationToken);
        await _child.DisposeAsync();
        _child = StartChild();
        await WaitUntilReadyAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _child.DisposeAsync();

    private ChildProcess StartChild()
    {
        var settings = new Dictionary<string, string>(_store)
        {
            ["Swarm:Endpoints:Address"] = "127.0.0.1",
            ["Swarm:Endpoints:Silo"] = $"{_ports[0]}",
            ["Swarm:Endpoints:Gateway"] = $"{_ports[1]}",
            ["Swarm:Endpoints:DataPlane"] = $"{_ports[2]}",
            ["Swarm:Endpoints:Http"] = $"{_ports[3]}",
        };
        var (command, arguments) = Executables.Silo(settings.Select(setting => $"--{setting.Key}={setting.Value}"));
        var (guard, guardArguments) = Executables.Self([RoleNames.Switch, RoleNames.Guard, command, .. arguments]);
        _lives++;
        var name = _lives == 1 ? "silo" : $"silo-{_lives}";
        return ChildProcess.Start(name, _folder, guard, guardArguments, logsOutput: true);
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var health = new Uri($"http://127.0.0.1:{_ports[3]}/health/ready");
        using var http = new HttpClient();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience.Answer);
        try
        {
            while (!await IsReadyAsync(http, health, limit.Token))
            {
                if (_child.DescribeEnd() is { Length: > 0 } end)
                {
                    await _child.DisposeAsync(); // Its log is whole then.
                    throw new DemoException($"The silo did not start.{end} {File.ReadAllText(_child.LogPath).Trim()}");
                }

                await Task.Delay(PollTime, limit.Token);
            }
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DemoException(
                $"The silo was not ready within {Patience.Answer.TotalSeconds:0} s; its log is {_child.LogPath}.", fault);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, Uri health, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(health, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // Not listening yet.
        }
    }
}
