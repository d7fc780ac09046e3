using System.Globalization;
using Swarm.Testing.Models;

namespace Swarm.Client.Tests.Agent;

/// <summary>An agent in a process of its own, that tests kill.</summary>
/// <remarks>
/// <c>&lt;address&gt; &lt;cluster id&gt; &lt;service id&gt; &lt;data plane&gt; &lt;spool&gt; &lt;spool bytes&gt;</c>. It opens
/// the context <c>track/1</c> as <c>drone-a</c>, says so, and for each number that it reads feeds so many steps and says
/// its length, or what was refused.
/// </remarks>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args[0] is "bare" or "hosted")
        {
            return await SignalledAgent.RunAsync(args);
        }

        var options = new SwarmClientOptions { ClusterId = args[1], ServiceId = args[2] };
        options.DataPlane.MapEndpoint = _ => args[3];
        await using var swarm = await SwarmClient.ConnectAsync(args[0], new SwarmCredential("default"), options);
        var memory = new MemoryOptions
        {
            SpoolPath = args[4],
            SpoolBytes = long.Parse(args[5], CultureInfo.InvariantCulture),
            DrainTimeout = TimeSpan.FromSeconds(1),
        };
        await using var agent = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(maxPositions: 1 << 16), memory);
        Say($"open {agent.Length}");
        while (Console.In.ReadLine() is { } line)
        {
            try
            {
                for (var count = int.Parse(line, CultureInfo.InvariantCulture); count > 0; count--)
                {
                    await agent.FeedAsync(Steps.At(agent.Length), [("last", BitConverter.GetBytes(agent.Length))]);
                }

                Say($"fed {agent.Length}");
            }
            catch (IOException exception)
            {
                Say($"refused {agent.Length} {exception.Message}");
            }
        }

        return 0;
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
