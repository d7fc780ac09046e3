using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Storage.Blobs;
using Swarm.Storage.Tests.Simulation;
using Swarm.Tool.Verification;
using Xunit;

namespace Swarm.Tool.Tests.Support;

/// <summary>What a silo that opens a context finds, and whether an agent can go on there.</summary>
/// <param name="CanOpen">Whether it opened, and its inputs could be read.</param>
/// <param name="Tokens">Inputs.</param>
/// <param name="Damaged">Ranges of positions whose KV is damaged; all other is the KV of these inputs.</param>
internal sealed record Reopened(bool CanOpen, IReadOnlyList<int> Tokens, IReadOnlyList<(long First, long End)> Damaged)
{
    /// <summary>Opens, reads all of it, checks every byte of KV, and appends something behind.</summary>
    public static async Task<Reopened> FromAsync(IBlobStore blobs, ContextId id)
    {
        await using var store = Writing.Open(blobs);
        var tokens = new List<int>();
        IOpenContext context;
        try
        {
            context = (await store.OpenAsync(id, default))!;
            await foreach (var run in context.ReadInputsAsync(0, context.Status.Durable.Tokens, default))
            {
                tokens.AddRange(run.Tokens.Span);
            }
        }
        catch (CorruptDataException)
        {
            return new Reopened(false, [], []);
        }

        var damaged = await ReadKvAsync(context, [.. tokens]);
        await GoOnAsync(context, tokens.Count);
        return new Reopened(true, tokens, damaged);
    }

    /// <summary>Ranges that some costs name, joined.</summary>
    public static IReadOnlyList<(long First, long End)> Ranges(IEnumerable<Cost> costs) => Join(costs.Select(cost => (cost.First, cost.End!.Value)));

    private static List<(long First, long End)> Join(IEnumerable<(long First, long End)> ranges)
    {
        var joined = new List<(long First, long End)>();
        foreach (var (first, end) in ranges.Order())
        {
            if (joined.Count > 0 && first <= joined[^1].End)
            {
                joined[^1] = (joined[^1].First, Math.Max(joined[^1].End, end));
            }
            else
            {
                joined.Add((first, end));
            }
        }

        return joined;
    }

    private static async Task<List<(long First, long End)>> ReadKvAsync(IOpenContext context, int[] tokens)
    {
        var damaged = new List<(long First, long End)>();
        long kv = 0;
        await foreach (var run in context.ReadKvAsync(0, context.Status.Durable.Kv, KvReading.IntoMemory, default))
        {
            using (run)
            {
                Assert.Equal(kv, run.FirstPosition);
                Assert.True(run.IsDamaged || SmallModel.Matches(run, tokens), $"KV from {kv} on is wrong");
                kv += run.Count;
                if (run.IsDamaged)
                {
                    damaged.Add((run.FirstPosition, kv));
                }
            }
        }

        Assert.Equal(context.Status.Durable.Kv, kv);
        return Join(damaged);
    }

    private static async Task GoOnAsync(IOpenContext context, int length)
    {
        var secret = SessionSecret.Create();
        var granted = await context.AcquireAsync(
            new AcquireRequest("drone-b", secret.Hash, context.Status.Epoch), default);
        var durable = await context.AppendInputsAsync(
            new SessionProof(granted.Epoch, secret.Hash), new InputRun(length, new[] { 7 }, new[] { 1 }), [], default);
        Assert.Equal(length + 1, durable.Tokens);
    }
}
