using DroneHandoff.Roles;

namespace DroneHandoff.Processes;

/// <summary>A silo in a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);

    private readonly ChildProcess _child;

    private SiloProcess(ChildProcess child, string address, string dataPlane)
    {
        _child = child;
        Address = address;
        DataPlane = dataPlane;
    }

    /// <summary>Where agents connect, as <c>swarm://host:port</c>.</summary>
    public string Address { get; }

    /// <summary>Its data plane, as <c>host:port</c>.</summary>
    public string DataPlane { get; }

    /// <summary>Starts a silo on free loopback ports, and waits until it is ready.</summary>
    /// <param name="store">The silo's settings of its store.</param>
    /// <param name="folder">Where its log goes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The running silo.</returns>
    /// <exception cref="DemoException">It ended, or was not ready in time.</exception>
    public static async Task<SiloProcess> StartAsync(
        IReadOnlyDictionary<string, string> store, RunFolder folder, CancellationToken cancellationToken)
    {
        var ports = LoopbackPorts.FindFree(4);
        var settings = new Dictionary<string, string>(store)
        {
            ["Swarm:Endpoints:Address"] = "127.0.0.1",
            ["Swarm:Endpoints:Silo"] = $"{ports[0]}",
            ["Swarm:Endpoints:Gateway"] = $"{ports[1]}",
            ["Swarm:Endpoints:DataPlane"] = $"{ports[2]}",
            ["Swarm:Endpoints:Http"] = $"{ports[3]}",
        };
        var (command, arguments) = Executables.Silo(settings.Select(setting => $"--{setting.Key}={setting.Value}"));
        var (guard, guardArguments) = Executables.Self([RoleNames.Switch, RoleNames.Guard, command, .. arguments]);
        var silo = new SiloProcess(
            ChildProcess.Start("silo", folder, guard, guardArguments, logsOutput: true),
            $"swarm://127.0.0.1:{ports[1]}",
            $"127.0.0.1:{ports[2]}");
        try
        {
            await silo.WaitUntilReadyAsync(new Uri($"http://127.0.0.1:{ports[3]}/health/ready"), cancellationToken);
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _child.DisposeAsync();

    private async Task WaitUntilReadyAsync(Uri health, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience.Answer);
        try
        {
            while (!await IsReadyAsync(http, health, limit.Token))
            {
                if (_child.DescribeEnd() is { Length: > 0 } end)
                {
                    throw new DemoException($"The silo did not start.{end} Its log is {_child.LogPath}.");
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
