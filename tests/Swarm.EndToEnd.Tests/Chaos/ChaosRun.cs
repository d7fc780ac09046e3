using System.Diagnostics;
using Swarm.EndToEnd.Agent;
using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>One run: a cluster that is broken again and again, and what its agents recorded.</summary>
internal static class ChaosRun
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs, checks, prints the figures.</summary>
    /// <param name="kind">Name of the store.</param>
    /// <param name="store">Its settings.</param>
    /// <param name="settings">How much is broken.</param>
    /// <param name="output">Where the figures go.</param>
    public static async Task RunAsync(string kind, string[] store, ChaosSettings settings, ITestOutputHelper output)
    {
        var seeded = new SeededTest();
        using var temporary = new TempDirectory();
        var folder = Directory.CreateDirectory(Path.Combine(settings.Keep ?? temporary.Path, $"{kind}-{seeded.Seed}-{Environment.ProcessId}")).FullName;
        await using var cluster = await ChaosCluster.StartAsync(folder, store, settings, seeded.Random);
        var rounds = new ChaosRounds(cluster, settings, seeded.Random);
        List<string> violations = [];
        try
        {
            for (var round = 1; round <= settings.Rounds; round++)
            {
                var started = Stopwatch.GetTimestamp();
                var disturbance = await rounds.RunAsync();
                output.WriteLine($"round {round}: {disturbance}, {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
            }

            await rounds.ReleaseAllAsync();
            var models = HistoryChecker.Check(cluster.Tail.Events, violations);
            await CheckFinalAsync(cluster.Address, models, violations);
            output.WriteLine(
                $"{settings.Rounds} rounds on {kind}, {models.Count} contexts, {models.Values.Sum(model => model.SessionCount)} "
                + $"sessions, {cluster.Tail.Events.Count} events, {models.Values.Sum(model => model.Comparisons)} comparisons");
            Latencies[] latencies =
            [
                rounds.AgentLoss, rounds.Handoff, rounds.SiloLoss, rounds.SiloRestart, rounds.BothLost, rounds.ZombieSilo,
            ];
            Array.ForEach(latencies, latency => output.WriteLine(latency.ToString()));
        }
        finally
        {
            await cluster.DumpAsync();
        }

        Assert.True(violations.Count == 0, string.Join('\n', violations.Take(20)));
        Assert.InRange(rounds.SiloLoss.Max, 0, settings.MaxSiloLoss.TotalSeconds);
    }

    /// <summary>Reads every context once more, both ways: stored KV, and computed from the stored inputs.</summary>
    public static async Task CheckFinalAsync(
        string address, IReadOnlyDictionary<string, ContextModel> models, List<string> violations)
    {
        await using var swarm = await SwarmClient.ConnectAsync(
            address, new SwarmCredential("default"), cancellationToken: Token);
        foreach (var (context, model) in models)
        {
            await using var reader = await swarm.OpenReaderAsync(context, Token);
            List<int> tokens = [];
            await foreach (var run in reader.ReadInputsAsync(0, reader.Durable.Tokens, Token))
            {
                tokens.AddRange(run.Tokens.Span);
            }

            if (!tokens.SequenceEqual(model.Tokens()))
            {
                violations.Add($"{context}: its {tokens.Count} inputs are not the {model.Length} that were fed.");
                continue;
            }

            foreach (var strategy in Enum.GetValues<RehydrationStrategy>())
            {
                var runtime = Script.NewRuntime();
                var report = await reader.RehydrateAsync(runtime, strategy, Token);
                var isComplete = report.Loaded + report.Recomputed == model.Length
                    && (strategy != RehydrationStrategy.LoadKv || report.Recomputed == 0);
                var probe = new float[runtime.VocabularySize];
                runtime.Truncate(runtime.Length - Script.StepOf(context));
                runtime.Forward(tokens.TakeLast(Script.StepOf(context)).ToArray(), probe);
                if (!isComplete || Script.Digest(probe) != model.LogitsAt(model.Length))
                {
                    violations.Add($"{context}: {strategy} loaded {report.Loaded} of {model.Length}, or other logits came out.");
                }
            }
        }
    }
}
