using System.Diagnostics;
using System.Globalization;
using Swarm.Client.Tests.Spool;
using Xunit;

namespace Swarm.Client.Tests.Control;

/// <summary>A process that uses the client has its signals for itself.</summary>
public sealed class SignalTests
{
    private const int StoppedByHost = 7;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bare", "INT", 130)]
    [InlineData("bare", "TERM", 143)]
    [InlineData("hosted", "INT", StoppedByHost)]
    [InlineData("hosted", "TERM", StoppedByHost)]
    public async Task Signal_ConnectedWithASessionOpen_EndsTheProcessAsItDoesWithoutSwarm(string kind, string signal, int exitCode)
    {
        await using var silo = await Silo.StartAsync();
        using var agent = Start(kind, silo);
        try
        {
            var said = await agent.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Token);
            Assert.Equal("open 0", said);

            using (var kill = Process.Start("kill", [$"-{signal}", agent.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await kill.WaitForExitAsync(Token);
            }

            await agent.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
            Assert.Equal(exitCode, agent.ExitCode);
        }
        finally
        {
            agent.Kill(); // Harmless where it has ended.
        }
    }

    private static Process Start(string kind, Silo silo)
    {
        // A test that runs in the background of a shell inherits that SIGINT is ignored.
        var start = new ProcessStartInfo(
            "env",
            [
                "--default-signal=INT,TERM", Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", AgentProcess.Program,
                kind, silo.Address, silo.ClusterId, silo.ServiceId,
            ])
        {
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }
}
