using Microsoft.Extensions.Hosting;
using Swarm.Testing.Models;

namespace Swarm.Client.Tests.Agent;

/// <summary>An agent that waits for a signal with its session open, bare or in a host of its own.</summary>
/// <remarks><c>bare|hosted &lt;address&gt; &lt;cluster id&gt; &lt;service id&gt;</c>.</remarks>
internal static class SignalledAgent
{
    /// <summary>What the hosted one exits with once its host has stopped.</summary>
    public const int StoppedByHost = 7;

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new SwarmClientOptions
        {
            ClusterId = args[2],
            ServiceId = args[3],
            ConnectTimeout = TimeSpan.FromMinutes(1), // A busy machine: how long it takes is not what is tested.
        };
        using var host = args[0] == "hosted" ? new HostBuilder().UseConsoleLifetime(console => console.SuppressStatusMessages = true).Build() : null;
        await using var swarm = await SwarmClient.ConnectAsync(args[1], new SwarmCredential("default"), options);
        await using var agent = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), new MemoryOptions());
        await agent.FeedAsync(Steps.At(0));
        if (host is null)
        {
            Say();
            await Task.Delay(Timeout.Infinite);
        }

        await host!.StartAsync();
        Say();
        await host.WaitForShutdownAsync();
        return StoppedByHost;
    }

    private static void Say()
    {
        Console.Out.WriteLine("open 0");
        Console.Out.Flush();
    }
}
