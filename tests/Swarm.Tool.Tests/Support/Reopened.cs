using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Storage.Blobs;
using Swarm.Storage.Tests.Simulation;
using Xunit;

namespace Swarm.Tool.Tests.Support;

/// <summary>What a silo that opens a context finds, and whether an agent can go on there.</summary>
/// <param name="CanOpen">Whether it opened, and its inputs could be read.</param>
/// <param name="Tokens">Inputs.</param>
/// <param name="Kv">Positions whose KV was read, from 0 on, each the KV of these inputs.</param>
internal sealed record Reopened(bool CanOpen, IReadOnlyList<int> Tokens, long Kv)
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
            return new Reopened(false, [], 0);
        }

        var kv = await ReadKvAsync(context, [.. tokens]);
        await GoOnAsync(context, tokens.Count);
        return new Reopened(true, tokens, kv);
    }

    private static async Task<long> ReadKvAsync(IOpenContext context, int[] tokens)
    {
        long kv = 0;
        try
        {
            await foreach (var run in context.ReadKvAsync(0, context.Status.Durable.Kv, default))
            {
                using (run)
                {
                    Assert.Equal(kv, run.FirstPosition);
                    Assert.True(SmallModel.Matches(run, tokens), $"KV from {kv} on is wrong");
                    kv += run.Count;
                }
            }
        }
        catch (CorruptDataException)
        {
            // A damaged page of extents: what comes behind is a miss.
        }

        return kv;
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
