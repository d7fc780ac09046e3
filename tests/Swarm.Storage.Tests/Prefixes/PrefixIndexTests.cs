using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Storage.Prefixes;
using Swarm.Testing;
using Xunit;

namespace Swarm.Storage.Tests.Prefixes;

/// <summary>The prefix index against a model of it: what it finds is there, and what is there it finds.</summary>
public sealed class PrefixIndexTests
{
    private const int Block = 16;

    private readonly SeededTest _seeded = new();
    private readonly HashSet<BlockHash> _shared = []; // Of several contexts: the index has the one or the other.
    private int _hashes;

    [Theory]
    [InlineData(100_000)] // Room for all: then nothing may be missed.
    [InlineData(400)]
    [InlineData(20)]
    [InlineData(0)]
    public void Index_ContextsThatComeAndGo_FindsWhatIsThereAlone(int capacity)
    {
        var index = new PrefixIndex(capacity);
        var contexts = Enumerable.Range(0, 40).Select(_ => (Known?)null).ToArray();
        var found = 0;
        for (var turn = 0; turn < 30_000; turn++)
        {
            var number = _seeded.Random.Next(contexts.Length);
            Act(index, contexts, number);
            Assert.True(index.Count <= capacity, $"{index.Count} of {capacity} blocks, seed {_seeded.Seed}");
            if (contexts[_seeded.Random.Next(contexts.Length)] is not { Chain.Count: > 0 } asked)
            {
                continue;
            }

            var chain = asked.Chain.Take(1 + _seeded.Random.Next(asked.Chain.Count)).Append(NewHash()).ToArray();
            var shared = index.FindLongest(chain, Block);
            if (shared is not null)
            {
                found++;
                var holder = contexts[int.Parse(shared.Context, System.Globalization.CultureInfo.InvariantCulture)];
                var blocks = (int)(shared.Position / Block);
                Assert.True(
                    holder is not null && holder.Kv >= blocks && holder.Chain.Count >= blocks && holder.Chain[blocks - 1] == chain[blocks - 1],
                    $"{shared.Context} has not what it was found for, turn {turn}, seed {_seeded.Seed}");
                Assert.Equal(chain[blocks - 1], shared.Hash);
            }

            var own = Math.Min(Math.Min(asked.Kv, chain.Length - 1), asked.Chain.Count);
            Assert.True(
                capacity < 100_000 || own == 0 || _shared.Contains(asked.Chain[own - 1]) || (shared?.Position ?? 0) >= (long)own * Block,
                $"{shared?.Position} of {own} blocks were found, turn {turn}, seed {_seeded.Seed}");
        }

        Assert.True(found > 1000 || capacity < 100, $"found {found} times only, seed {_seeded.Seed}");
    }

    /// <summary>One thing happens to a context: it is opened, grows, gets KV, is rewound, ends or is forgotten.</summary>
    private void Act(PrefixIndex index, Known?[] contexts, int number)
    {
        var context = contexts[number];
        var random = _seeded.Random;
        if (context is null || random.Next(60) == 0)
        {
            // A fork of another one, or new. What was known of one of that name is forgotten.
            var parent = contexts[random.Next(contexts.Length)];
            var shared = parent is null || random.Next(3) == 0 ? [] : parent.Chain.Take(random.Next(parent.Chain.Count + 1)).ToList();
            context = contexts[number] = new Known(
                index.Open(Id(number), number.ToString(System.Globalization.CultureInfo.InvariantCulture)), shared);
            _shared.UnionWith(shared);
            for (var block = 0; block < shared.Count; block++)
            {
                context.Indexed.Add((block + 1L) * Block, shared[block]);
            }

            context.Kv = random.Next(shared.Count + 1);
            context.Indexed.KvIsDurable(context.Kv * (long)Block);
            return;
        }

        switch (random.Next(12))
        {
            case < 5 when !context.IsEnded:
                context.Chain.Add(NewHash());
                context.Indexed.Add((long)context.Chain.Count * Block, context.Chain[^1]);
                break;
            case < 9 when !context.IsEnded:
                context.Kv = Math.Min(context.Chain.Count, context.Kv + random.Next(3));
                context.Indexed.KvIsDurable((context.Kv * (long)Block) + random.Next(Block));
                break;
            case 9 when !context.IsEnded:
                var length = (context.Chain.Count * (long)Block) - random.Next(3 * Block);
                length = Math.Max(0, length);
                context.Chain.RemoveRange((int)(length / Block), context.Chain.Count - (int)(length / Block));
                context.Kv = Math.Min(context.Kv, context.Chain.Count);
                context.Indexed.Rewound(length);
                context.Indexed.KvIsDurable(context.Kv * (long)Block);
                break;
            case 10 when random.Next(6) == 0 && !context.IsEnded:
                context.IsEnded = true;
                index.Ended(context.Indexed);
                break;
            case 11 when random.Next(12) == 0:
                index.Forget(Id(number)); // As a hint that turned out wrong: an open context knows better.
                contexts[number] = context.IsEnded ? null : context;
                break;
        }
    }

    private static ContextId Id(int number) => ContextId.FromNames("t", $"c{number}");

    private BlockHash NewHash() => new(Digest256.Sha256(BitConverter.GetBytes(_hashes++)));

    /// <summary>What is known of a context.</summary>
    private sealed class Known(IndexedContext indexed, List<BlockHash> shared)
    {
        public IndexedContext Indexed => indexed;

        public List<BlockHash> Chain { get; } = [.. shared];

        public int Kv { get; set; }

        public bool IsEnded { get; set; }
    }
}
