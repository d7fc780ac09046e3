using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Swarm.LlamaCpp.Tests.Agent;

/// <summary>An agent with a model of llama.cpp, in a process of its own.</summary>
/// <remarks>
/// <c>&lt;address&gt; &lt;cluster id&gt; &lt;service id&gt; &lt;model&gt; &lt;name&gt; &lt;positions&gt; &lt;kill|release&gt;</c>. It opens or takes over the context
/// <c>track/1</c>, goes on up to so many positions, and says what it loaded, what it recomputed, and the digest of its last logits. Then it releases the context, or,
/// when all is durable, says so and waits to be killed.
/// </remarks>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var options = new SwarmClientOptions
        {
            ClusterId = args[1],
            ServiceId = args[2],
            ConnectTimeout = TimeSpan.FromMinutes(1), // A busy machine: how long it takes is not what is tested.
        };
        using var model = LlamaCppModel.Load(args[3], Telemetry.Options);
        using var runtime = model.CreateRuntime(Telemetry.MaxPositions, Telemetry.Step);
        await using var swarm = await SwarmClient.ConnectAsync(args[0], new SwarmCredential("default"), options);
        await using var memory = await swarm.Agent(args[4]).OpenOrTakeOverAsync(
            "track/1", runtime, TakeOver.IfHolderTimedOut(TimeSpan.FromSeconds(2)), new MemoryOptions());
        var end = int.Parse(args[5], CultureInfo.InvariantCulture);
        while (memory.Length < end)
        {
            await memory.FeedAsync(Telemetry.StepAt((int)memory.Length, end, runtime.VocabularySize));
        }

        var logits = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(memory.Logits.Span)));
        var (loaded, recomputed) = (memory.Rehydration.Loaded, memory.Rehydration.Recomputed);
        if (args[6] == "kill")
        {
            await memory.FlushAsync();
        }
        else
        {
            await memory.ReleaseAsync("");
        }

        await Console.Out.WriteLineAsync($"{loaded} {recomputed} {memory.Rehydration.BitsMayDiffer} {logits}");
        if (args[6] == "kill")
        {
            await Task.Delay(Timeout.Infinite);
        }

        return 0;
    }
}
