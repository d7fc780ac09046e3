using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Swarm.Client.Tests.Spool;

/// <summary>A process of <c>Swarm.Client.Tests.Agent</c>: an agent with a spool that can be killed.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly Process _process;

    private AgentProcess(Process process) => _process = process;

    // Where it was built, with what it needs: this program takes some of that from a framework that the agent has not.
    internal static string Program
    {
        get
        {
            var framework = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(
                framework.Parent!.Parent!.Parent!.Parent!.FullName, "Swarm.Client.Tests.Agent", "bin",
                framework.Parent.Name, framework.Name, "Swarm.Client.Tests.Agent.dll");
        }
    }

    public int Id => _process.Id;

    /// <summary>Length of its context when it had opened it.</summary>
    public long OpenLength { get; private set; }

    /// <summary>Starts one and waits until it has opened its context.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="dataPlane">Where its data-plane connections go.</param>
    /// <param name="spool">Folder of its spool.</param>
    /// <param name="spoolBytes">Bound of its spool.</param>
    /// <param name="maxFileKibibytes">Limits the size of any file that it writes, as a full disk does, where not 0.</param>
    public static async Task<AgentProcess> StartAsync(
        Silo silo, string dataPlane, string spool, long spoolBytes = 64 << 20, int maxFileKibibytes = 0)
    {
        string[] command =
        [
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            Program,
            silo.Address, silo.ClusterId, silo.ServiceId, dataPlane, spool,
            spoolBytes.ToString(CultureInfo.InvariantCulture),
        ];
        if (maxFileKibibytes > 0)
        {
            // The signal is ignored, so that the limit is an error of the write.
            command = ["bash", "-c", $"trap '' XFSZ; ulimit -f {maxFileKibibytes}; exec \"$@\"", "bash", .. command];
        }

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // It maps a file larger than the limit.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        var agent = new AgentProcess(Process.Start(start)!);
        try
        {
            var said = await agent.ReadLineAsync();
            Assert.StartsWith("open ", said, StringComparison.Ordinal);
            agent.OpenLength = long.Parse(said["open ".Length..], CultureInfo.InvariantCulture);
            return agent;
        }
        catch
        {
            agent.Dispose();
            throw;
        }
    }

    /// <summary>Lets it feed steps, and does not wait.</summary>
    public Task StartFeedingAsync(int steps) =>
        _process.StandardInput.WriteLineAsync(steps.ToString(CultureInfo.InvariantCulture));

    /// <summary>Lets it feed steps.</summary>
    /// <returns>What it says: <c>fed</c> and its length, or <c>refused</c>, its length and why.</returns>
    public async Task<string> FeedAsync(int steps)
    {
        await StartFeedingAsync(steps);
        return await ReadLineAsync();
    }

    /// <summary>Ends it by SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)
        ?? throw new InvalidOperationException("The agent ended.");
}
