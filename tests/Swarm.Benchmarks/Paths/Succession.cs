namespace Swarm.Benchmarks.Paths;

/// <summary>A successor that takes a context over, goes on by one input, and leaves the context as it was.</summary>
internal static class Succession
{
    /// <summary>Measures one, from its request to the logits behind the input.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="tier">Where the KV must come from: otherwise another path would be measured.</param>
    /// <param name="runtime">The successor's runtime.</param>
    /// <param name="tokens">The context's inputs, and the one behind them.</param>
    /// <param name="expected">The logits that must come out.</param>
    /// <returns>The time.</returns>
    public static async Task<TimeSpan> MeasureAsync(BenchSilo silo, KvTier tier, IKvRuntime runtime, int[] tokens, float[] expected)
    {
        var agent = silo.Client.Agent("successor");
        var started = TimeProvider.System.GetTimestamp();
        await using var memory = await agent.TakeOverAsync("c", runtime, TakeOver.Now);
        await memory.FeedAsync(tokens.AsMemory(tokens.Length - 1));
        var time = TimeProvider.System.GetElapsedTime(started);
        var report = memory.Rehydration;
        if (!memory.Logits.Span.SequenceEqual(expected) || report.Loaded != tokens.Length - 1 || report.Tier != tier)
        {
            throw new InvalidOperationException(
                $"{report.Loaded} of {tokens.Length - 1} positions came from {report.Tier} instead of {tier}, or the logits are others.");
        }

        await memory.RewindAsync(tokens.Length - 1);
        await memory.ReleaseAsync();
        return time;
    }
}
