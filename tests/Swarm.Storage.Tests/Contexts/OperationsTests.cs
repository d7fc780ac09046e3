using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Frames;
using Swarm.Storage.Tests.Simulation;
using Swarm.Testing.Simulation;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>What a silo asks of its store depends on bytes and time, not on how many agents these are of. Promise 8.</summary>
public sealed class OperationsTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(25); // One append each: a segment each.

    [Fact]
    public void Streaming_ThousandAgentsInsteadOfTen_AskTheStoreHardlyMoreOften()
    {
        // Long enough that every root was checkpointed for its lag, and moved to a new log.
        var few = RequestsPerSecond(10, segments: 20_000);
        var many = RequestsPerSecond(1_000, segments: 132_000);
        output.WriteLine($"10 agents: {few:f2} requests a second, 1,000 agents: {many:f2}; {many / few:f3} times as many");

        Assert.InRange(many / few, 0.8, 1.2);
    }

    /// <summary>Requests of a silo with the default settings, in simulated time.</summary>
    private static double RequestsPerSecond(int agents, int segments)
    {
        var world = new World(1);
        var blobs = new SimulatedBlobStore(world, StoreFaults.None);
        var store = new ContextStore(
            blobs,
            new ContextStoreOptions { CollectionInterval = TimeSpan.FromDays(1) },
            world.Time,
            NullLoggerFactory.Instance,
            ids: new SimulatedIds(world),
            scheduler: world.Start("silo", isOrdered: true));
        double rate = 0;
        var done = world.Start("agents").Run(async () =>
        {
            var key = await store.GetTenantKeyAsync(LoneStore.Spec.Tenant, default);
            var streams = new Stream[agents];
            for (var index = 0; index < agents; index++)
            {
                streams[index] = await Stream.StartAsync(store, $"c{index}", key);
            }

            var (before, started) = (blobs.Requests, world.Time.GetUtcNow());
            var appends = new Queue<Task>();
            for (var append = 0; append < segments; append++)
            {
                appends.Enqueue(streams[append % agents].AppendAsync());
                while (appends.Count > 2 * agents)
                {
                    await appends.Dequeue();
                }

                await Task.Delay(_pause, world.Time);
            }

            await Task.WhenAll(appends);
            rate = (blobs.Requests - before) / (world.Time.GetUtcNow() - started).TotalSeconds;
        });
        world.RunUntil(done, maxSteps: long.MaxValue);
        return rate;
    }

    /// <summary>An agent that appends one position with its KV at a time.</summary>
    private sealed class Stream(IOpenContext context, SessionProof proof, PrefixHasher hasher)
    {
        private int _length;

        public static async Task<Stream> StartAsync(ContextStore store, string name, TenantKey key)
        {
            var spec = LoneStore.Spec with { Name = name };
            await store.CreateAsync(spec, default);
            var context = (await store.OpenAsync(spec.Id, default))!;
            var secret = Digest256.Sha256(BitConverter.GetBytes(name.GetHashCode(StringComparison.Ordinal)));
            var grant = await context.AcquireAsync(new AcquireRequest("a", secret, context.Status.Epoch), default);
            return new Stream(
                context,
                new SessionProof(grant.Epoch, secret),
                new PrefixHasher(key, spec.Model.ComputeFingerprint(), spec.BlockTokens));
        }

        public async Task AppendAsync()
        {
            int[] tokens = [_length];
            hasher.Append(tokens);
            var frames = new byte[KvPayload.EncodedLength(SmallModel.Descriptor.Geometry, _length, 1)];
            KvPayload.Encode(SmallModel.Descriptor.Geometry, _length, 1, (_, _, _, _, destination) => destination.Fill(7), frames);
            var kv = new KvAppend(_length, 1, hasher.Current(), frames);
            var inputs = context.AppendInputsAsync(proof, new InputRun(_length, tokens, SmallModel.OneStepEach(1)), [], default).AsTask();
            _length++;
            await Task.WhenAll(inputs, context.AppendKvAsync(proof, kv, default).AsTask());
        }
    }
}
