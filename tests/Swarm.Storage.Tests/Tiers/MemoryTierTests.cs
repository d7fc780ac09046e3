using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Tiers;
using Swarm.Testing;
using Swarm.Testing.Simulation;
using Xunit;

namespace Swarm.Storage.Tests.Tiers;

/// <summary>The memory tier: what it holds is what was put there, within its bytes; what is used stays.</summary>
public sealed class MemoryTierTests
{
    private const int Block = 1 << 10;

    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tier_ManyThreads_NeverHoldsTooMuchNorGivesOtherBytes()
    {
        const long capacity = 200 * Block;
        var tier = new MemoryTier(capacity);
        int[] seeds = [.. Enumerable.Range(0, 4).Select(_ => _seeded.Random.Next())];
        var found = 0;
        await Task.WhenAll(seeds.Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            var held = new Queue<(TierLease Lease, byte Content)>();
            for (var turn = 0; turn < 30_000; turn++)
            {
                var number = random.Next(400);
                var key = Key(number, Block + number);
                if (random.Next(40) == 0)
                {
                    tier.Remove(key);
                }
                else if (tier.TryGet(key, out var lease))
                {
                    Interlocked.Increment(ref found);
                    held.Enqueue((lease, (byte)number));
                }
                else if (tier.TryRent(key.Length) is { } mine)
                {
                    mine.Memory.Span.Fill((byte)number);
                    tier.Publish(key, random.Next(3) == 0 ? null : Place(number % 7, number), mine);
                    held.Enqueue((mine, (byte)number));
                }

                Assert.True(tier.UsedBytes <= capacity, $"{tier.UsedBytes} of {capacity} bytes, seed {_seeded.Seed}");
                while (held.Count > random.Next(12))
                {
                    var (oldest, content) = held.Dequeue();
                    Assert.True(oldest.Memory.Span.IndexOfAnyExcept(content) < 0, $"other bytes, seed {_seeded.Seed}");
                    oldest.Dispose();
                }
            }

            while (held.TryDequeue(out var rest))
            {
                rest.Lease.Dispose();
            }
        }, Token)));

        Assert.True(found > 10_000, $"only {found} were found");
        Assert.Equal(Enumerable.Range(0, 400).Sum(number => Holds(tier, number, Block + number) ? Block + number : 0), tier.UsedBytes);
        for (var number = 0; number < 400; number++)
        {
            tier.Remove(Key(number, Block + number));
        }

        Assert.Equal((0, 0L), (tier.Count, tier.UsedBytes));
    }

    [Fact]
    public void Lease_OutForTooLong_IsToldUntilItIsBack()
    {
        var time = new SimulatedClock();
        var tier = new MemoryTier(100 * Block, null, time);
        using (var lease = tier.TryRent(Block)!)
        {
            tier.Publish(Key(0, Block), null, lease);
        }

        Advance(time, 2 * MemoryTier.LeaseDeadline);
        Assert.Equal((0, 0L), tier.FindOverdue());
        Assert.True(tier.TryGet(Key(0, Block), out var first));
        Advance(time, MemoryTier.LeaseDeadline);
        Assert.True(tier.TryGet(Key(0, Block), out var second));
        Assert.Equal((0, 0L), tier.FindOverdue());
        Advance(time, TimeSpan.FromTicks(1));
        Assert.Equal((1, (long)Block), tier.FindOverdue());
        first.Dispose();
        Assert.Equal((1, (long)Block), tier.FindOverdue()); // The second holds it, under the first's deadline.
        second.Dispose();
        Assert.Equal((0, 0L), tier.FindOverdue());
    }

    [Fact]
    public void Publish_ColdContextOfManyTimesTheTier_LeavesWhatIsUsed()
    {
        var tier = new MemoryTier(100 * Block);
        for (var number = 0; number < 60; number++)
        {
            Add(tier, number, Place(0, number));
            Assert.True(Holds(tier, number)); // A successor that reads it.
        }

        for (var number = 0; number < 2_000; number++)
        {
            Add(tier, 1_000 + number, Place(1, number));
        }

        Assert.Equal(60, Enumerable.Range(0, 60).Count(number => Holds(tier, number)));
    }

    [Fact]
    public void Publish_MoreThanFits_KeepsPrefixes()
    {
        var tier = new MemoryTier(100 * Block);
        for (var position = 0; position < 150; position++)
        {
            Add(tier, position, Place(0, position));
            Add(tier, 1_000 + position, Place(1, position));
        }

        foreach (var first in new[] { 0, 1_000 })
        {
            var prefix = Enumerable.Range(first, 150).TakeWhile(number => Holds(tier, number)).Count();
            Assert.InRange(prefix, 40, 60);
            Assert.InRange(Enumerable.Range(first, 150).Count(number => Holds(tier, number)) - prefix, 0, 2); // What has just come.
        }

        Assert.InRange(tier.Count, 99, 100);
    }

    [Fact]
    public void Publish_WhatLeftUnaskedAndComesBack_StaysThen()
    {
        var tier = new MemoryTier(100 * Block);
        for (var number = 0; number < 120; number++)
        {
            Add(tier, number, null);
        }

        Assert.False(Holds(tier, 0));
        Add(tier, 0, null);
        for (var number = 1_000; number < 1_500; number++)
        {
            Add(tier, number, null);
        }

        Assert.True(Holds(tier, 0));
    }

    [Fact]
    public void TryRent_AllIsLeased_TakesNothingAway()
    {
        var tier = new MemoryTier(10 * Block);
        var leases = Enumerable.Range(0, 10).Select(number =>
        {
            Add(tier, number, Place(0, number));
            Assert.True(tier.TryGet(Key(number), out var lease));
            return lease;
        }).ToArray();

        Assert.Null(tier.TryRent(Block));
        Assert.Equal(10, tier.Count);
        leases[4].Dispose();
        using var room = tier.TryRent(Block);

        Assert.NotNull(room);
        Assert.False(Holds(tier, 4));
        Assert.Equal(9, tier.Count);
        Array.ForEach(leases, lease => lease.Dispose());
    }

    private static void Add(MemoryTier tier, int number, TierPlace? place)
    {
        using var lease = tier.TryRent(Block);
        Assert.NotNull(lease);
        lease.Memory.Span.Fill((byte)number);
        tier.Publish(Key(number), place, lease);
    }

    private static bool Holds(MemoryTier tier, int number, int length = Block)
    {
        if (!tier.TryGet(Key(number, length), out var lease))
        {
            return false;
        }

        using (lease)
        {
            return lease.Memory.Span.IndexOfAnyExcept((byte)number) < 0;
        }
    }

    private static PayloadRef Key(int number, int length = Block) => new(ObjectRef.Segment(new Id128(0, 1), (ulong)number), 0, length, 0);

    private static void Advance(SimulatedClock clock, TimeSpan time)
    {
        using var timer = clock.CreateTimer(static _ => { }, null, time, Timeout.InfiniteTimeSpan);
        clock.GoOn();
    }

    private static TierPlace Place(int context, long position) => new(ContextId.FromNames("t", $"c{context}"), position);
}
