using Swarm.Core.Identity;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>Contexts that begin alike share KV by themselves, and only then.</summary>
public sealed class PromptTests
{
    private const int NotDrainedEvent = 3007;
    private const int NotGivenBackEvent = 3008;
    private const int Block = 16;
    private const int Step = 64; // Of a ToyRuntime. Its logits depend on how inputs were cut into steps.

    private readonly SeededTest _seeded = new();

    private static MemoryOptions Options => new() { BlockTokens = Block };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_PromptsThatBeginAlike_ShareWholeStepsBitForBit()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var earlier = new List<int[]>();
        for (var round = 0; round < 16; round++)
        {
            var model = earlier.Count == 0 ? Tokens(600) : earlier[_seeded.Random.Next(earlier.Count)];
            var common = _seeded.Random.Next(model.Length + 1);
            int[] prompt = [.. model.Take(common), .. Tokens(1 + _seeded.Random.Next(200))];
            prompt = prompt.Length % Block == 0 ? [.. prompt, 1] : prompt; // So that no context ends where a block does.

            await using var memory = await swarm.Agent($"a{round}").OpenWithPromptAsync($"track/{round}", new ToyRuntime(), prompt, Options, Token);

            var most = earlier.Select(other => other.AsSpan().CommonPrefixLength(prompt)).DefaultIfEmpty(0).Max();
            var shared = Math.Min(most, prompt.Length - 1) / Block * Block / Step * Step;
            Assert.Equal((shared, 0), (memory.Rehydration.Loaded, memory.Rehydration.Recomputed));
            Assert.Equal(prompt.Length, memory.Length);
            Assert.Equal(LogitsOf(prompt), memory.Logits.ToArray());
            await memory.FlushAsync(Token);
            earlier.Add(prompt);
        }
    }

    [Fact]
    public async Task Open_AfterRewindErasureAndRestart_SharesWhatIsThereAlone()
    {
        var folder = Silo.NewFolder();
        var (kept, gone) = (Tokens(3 * Step), Tokens(3 * Step));
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var rewound = await swarm.Agent("a").OpenWithPromptAsync("rewound", new ToyRuntime(), (int[])[.. kept, .. gone], Options, Token);
            await rewound.FlushAsync(Token);
            await rewound.RewindAsync(kept.Length, Token);
            await rewound.FeedAsync(Tokens(Step), Token);
            await rewound.ReleaseAsync("", Token);
            await using var erased = await swarm.Agent("b").OpenWithPromptAsync("erased", new ToyRuntime(), gone, Options, Token);
            await erased.ReleaseAsync("", Token);
            await swarm.EraseAsync("erased", Token);

            Assert.Equal(kept.Length, await SharedAsync(swarm, "after-rewind", [.. kept, .. gone, 1]));
            Assert.Equal(0, await SharedAsync(swarm, "after-erasure", [.. gone, 1]));
        }

        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            Assert.Equal(0, await SharedAsync(swarm, "not-open-yet", [.. kept, 1]));
            await using var opened = await swarm.Agent("a").OpenAsync("rewound", new ToyRuntime(), Options, Token);
            Assert.Equal(kept.Length, await SharedAsync(swarm, "after-restart", [.. kept, 2, .. gone]));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Open_ExistingContext_GoesOnOrSaysWhereItDiffers()
    {
        await using var silo = await Silo.StartAsync();
        using var logs = new RecordingLoggers();
        await using var swarm = await ConnectAsync(silo, logs);
        var prompt = Tokens(100);
        await using (var begun = await swarm.Agent("a").OpenAsync("track", new ToyRuntime(), Options, Token))
        {
            await begun.FeedAsync(prompt.AsMemory(0, 40), Token); // And then its process ended.
            await begun.ReleaseAsync("", Token);
        }

        await using (var memory = await swarm.Agent("a").OpenWithPromptAsync("track", new ToyRuntime(), prompt, Options, Token))
        {
            Assert.Equal(prompt.Length, memory.Length);
            await memory.FeedAsync(new[] { 5 }, Token);
            await memory.ReleaseAsync("", Token);
        }

        await using (var memory = await swarm.Agent("a").OpenWithPromptAsync("track", new ToyRuntime(), prompt, Options, Token))
        {
            Assert.Equal(prompt.Length + 1, memory.Length);
            await memory.ReleaseAsync("", Token);
        }

        var other = (int[])prompt.Clone();
        other[70] = (other[70] + 1) % 97;
        var refused = await Assert.ThrowsAsync<AppendConflictException>(
            () => swarm.Agent("b").OpenWithPromptAsync("track", new ToyRuntime(), other, Options, Token));
        Assert.Contains("70", refused.Message, StringComparison.Ordinal);
        Assert.Empty(logs.Of(NotGivenBackEvent)); // It was, before the refusal.
        await Assert.ThrowsAsync<ArgumentException>(
            () => swarm.Agent("b").OpenWithPromptAsync("empty", new ToyRuntime(), default, Options, Token));
        await using var free = await swarm.Agent("c").OpenAsync("track", new ToyRuntime(), Options, Token);
        Assert.Equal(prompt.Length + 1, free.Length);
    }

    [Fact]
    public async Task Open_SamePromptOfAnotherTenantOrModel_SharesNothing()
    {
        var (mine, theirs) = (Digest256.Sha256("mine"u8), Digest256.Sha256("theirs"u8));
        var folder = Silo.NewFolder();
        await using (var silo = await Silo.StartAsync(folder, $"--Swarm:Tenants:mine={mine}", $"--Swarm:Tenants:theirs={theirs}"))
        {
            var prompt = Tokens(5 * Step);
            await using var ours = await silo.ConnectAsync(new SwarmCredential("mine", "mine"));
            await using var first = await ours.Agent("a").OpenWithPromptAsync("first", new ToyRuntime(), prompt, Options, Token);
            await first.FlushAsync(Token);
            await using var stranger = await silo.ConnectAsync(new SwarmCredential("theirs", "theirs"));

            Assert.Equal(0, await SharedAsync(stranger, "second", prompt));
            Assert.Equal(0, await SharedAsync(ours, "other-model", prompt, new ToyRuntime(name: "other")));
            await Assert.ThrowsAsync<SwarmRefusedException>(() => silo.ConnectAsync(new SwarmCredential("mine", "theirs")));
            Assert.Equal(4 * Step, await SharedAsync(ours, "second", prompt)); // The last token is fed in any case.
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Open_PromptThatCannotBeFed_HoldsNothingAndNamesIt()
    {
        await using var silo = await Silo.StartAsync();
        using var logs = new RecordingLoggers();
        await using var swarm = await ConnectAsync(silo, logs);
        await using (var parent = await swarm.Agent("a").OpenAsync("parent", new ToyRuntime(), Options, Token))
        {
            parent.SetState("mission", "of the parent"u8.ToArray());
            await parent.FeedAsync(Enumerable.Range(0, 65).Select(_ => 7).ToArray(), Token);
            await parent.ReleaseAsync("", Token);
        }

        var prompt = Enumerable.Range(0, 80).Select(_ => 7).ToArray();
        var long_ = await Assert.ThrowsAsync<ArgumentException>(
            () => swarm.Agent("b").OpenWithPromptAsync("new", new ToyRuntime(maxPositions: 79), prompt, Options, Token));
        var wrong = await Assert.ThrowsAsync<ArgumentException>(
            () => swarm.Agent("b").OpenWithPromptAsync("new", new ToyRuntime(), (int[])[.. prompt, 97], Options, Token));
        var broken = new ToyRuntime { FailsAt = 70 };
        await Assert.ThrowsAsync<InvalidDataException>(() => swarm.Agent("b").OpenWithPromptAsync("new", broken, prompt, Options, Token));

        Assert.DoesNotContain(logs.Of(NotDrainedEvent), text => text.Contains("it was fed while", StringComparison.Ordinal));
        Assert.Contains(logs.Of(NotDrainedEvent), text => text.Contains("could not begin with its prompt", StringComparison.Ordinal));
        Assert.Empty(logs.Of(NotGivenBackEvent));
        Assert.Contains("79", long_.Message, StringComparison.Ordinal);
        Assert.Contains("97", wrong.Message, StringComparison.Ordinal);
        await using var memory = await swarm.Agent("c").OpenWithPromptAsync("new", new ToyRuntime(), prompt, Options, Token); // It is free.
        Assert.Equal(LogitsOf(prompt), memory.Logits.ToArray());
        Assert.Empty(memory.States); // The parent's are its own.
    }

    private static Task<SwarmClient> ConnectAsync(Silo silo, RecordingLoggers logs) => SwarmClient.ConnectAsync(
        silo.Address,
        new SwarmCredential("default"),
        new SwarmClientOptions { ClusterId = silo.ClusterId, ServiceId = silo.ServiceId, LoggerFactory = logs },
        Token);

    private static async Task<long> SharedAsync(SwarmClient swarm, string context, int[] prompt, ToyRuntime? runtime = null)
    {
        await using var memory = await swarm.Agent("next").OpenWithPromptAsync(context, runtime ?? new ToyRuntime(), prompt, Options, Token);
        Assert.Equal(LogitsOf(prompt), memory.Logits.ToArray());
        return memory.Rehydration.Loaded;
    }

    private static float[] LogitsOf(int[] tokens)
    {
        var twin = new ToyRuntime();
        var logits = new float[twin.VocabularySize];
        foreach (var step in tokens.Chunk(Step))
        {
            twin.Forward(step, logits);
        }

        return logits;
    }

    private int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => _seeded.Random.Next(97))];
}
