using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>Forks and erasures as an agent's author asks for them.</summary>
public sealed class ForkTests
{
    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fork_AtAnyPositionOfAContextThatGoesOn_GoesOnFromThereBitForBit()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var parent = await swarm.Agent("a").OpenAsync("parent", new ToyRuntime(), null, Token);
        var tokens = new List<int>();
        var steps = new List<int>();
        for (var round = 0; round < 6; round++)
        {
            for (var step = 0; step < 12; step++)
            {
                steps.Add(tokens.Count);
                await FeedStepAsync(parent, tokens, 1 + _seeded.Random.Next(7));
            }

            await parent.FlushAsync(Token);
            var position = 1 + _seeded.Random.Next(tokens.Count);

            var made = await swarm.ForkAsync("parent", $"child/{round}", position, Token);
            var again = await swarm.ForkAsync("parent", $"child/{round}", position, Token);
            await using var child = await swarm.Agent($"b{round}").OpenAsync($"child/{round}", new ToyRuntime(), null, Token);
            var whole = position == tokens.Count ? position : steps.Last(step => step <= position);
            steps.Add(tokens.Count);
            await FeedStepAsync(parent, tokens, 5); // Its holder goes on meanwhile.

            Assert.Equal((true, (long)position), (made.IsNew, made.Position));
            Assert.Equal((false, (long)position), (again.IsNew, again.Position));
            Assert.Equal(position, child.Length);
            Assert.Equal((whole, position - whole), (child.Rehydration.Loaded, child.Rehydration.Recomputed)); // Whole steps are shared.
            await child.FeedAsync(new[] { round }, Token);
            Assert.Equal(LogitsOf([.. tokens.Take(position), round], [.. steps.Where(step => step < position), position]), child.Logits.ToArray());
        }

        Assert.Equal(LogitsOf(tokens, steps), parent.Logits.ToArray());
    }

    [Fact]
    public async Task Fork_OfNothingOrBehindTheEndOrOverAnother_SaysWhat()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var parent = await swarm.Agent("a").OpenAsync("parent", new ToyRuntime(), null, Token);
        await using var other = await swarm.Agent("a").OpenAsync("other", new ToyRuntime(), null, Token);
        await FeedAsync(parent, [], 5);
        await parent.FlushAsync(Token);

        var missing = await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.ForkAsync("none", "child", null, Token));
        var behind = await Assert.ThrowsAsync<AppendGapException>(() => swarm.ForkAsync("parent", "child", 6, Token));
        var taken = await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.ForkAsync("parent", "other", 3, Token));

        Assert.Equal(RefusalCode.NotFound, missing.Refusal.Code);
        Assert.Contains("none", missing.Message, StringComparison.Ordinal);
        Assert.Equal(
            "Context 'parent' has 5 durable positions, so 'child' cannot be made from it at position 6. Fork at 0 to 5, or wait until its agent has "
            + "flushed more.",
            behind.Message);
        Assert.Equal(5, behind.Refusal.Position);
        Assert.StartsWith(
            "Context 'other' exists and was not made as a fork: it cannot become the fork of 'parent' at 3.", taken.Message, StringComparison.Ordinal);

        await swarm.ForkAsync("parent", "child", 4, Token);
        await swarm.ForkAsync("child", "grandchild", 2, Token);
        var elsewhere = await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.ForkAsync("parent", "child", 3, Token));
        var ofAnother = await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.ForkAsync("parent", "grandchild", null, Token));
        Assert.Contains("'child' exists and is a fork of 'parent' at 4", elsewhere.Message, StringComparison.Ordinal);
        Assert.Contains("'grandchild' exists and is a fork of 'child' at 2", ofAnother.Message, StringComparison.Ordinal);
        Assert.Contains("of 'parent' at its end", ofAnother.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Erase_HeldContext_FencesItsHolderAndLeavesNothingButItsForks()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("a").OpenAsync("context", new ToyRuntime(), null, Token);
        var tokens = new List<int>();
        await FeedAsync(memory, tokens, 30);
        await memory.FlushAsync(Token);
        await swarm.ForkAsync("context", "fork", null, Token);

        Assert.True(await swarm.EraseAsync("context", Token));
        Assert.False(await swarm.EraseAsync("context", Token));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), memory.Fenced));
        var gone = await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.GetStatusAsync("context", Token));
        Assert.Equal(RefusalCode.NotFound, gone.Refusal.Code);
        await using var fork = await swarm.Agent("b").TakeOverAsync("fork", new ToyRuntime(), TakeOver.Now, null, Token);
        Assert.Equal(LogitsOf(tokens, [.. Enumerable.Range(0, tokens.Count)]), (await fork.ComputeLogitsAsync(Token)).ToArray());
    }

    private async Task FeedStepAsync(AgentMemory memory, List<int> tokens, int count)
    {
        tokens.AddRange(Enumerable.Range(0, count).Select(_ => _seeded.Random.Next(97)));
        await memory.FeedAsync(tokens.GetRange(tokens.Count - count, count).ToArray(), Token);
    }

    private async Task FeedAsync(AgentMemory memory, List<int> tokens, int count)
    {
        for (var index = 0; index < count; index++)
        {
            tokens.Add(_seeded.Random.Next(97));
            await memory.FeedAsync(tokens.GetRange(tokens.Count - 1, 1).ToArray(), Token);
        }
    }

    /// <summary>What a twin computes that is fed the same steps, which begin at these positions.</summary>
    private static float[] LogitsOf(List<int> tokens, List<int> steps)
    {
        var twin = new ToyRuntime();
        var logits = new float[twin.VocabularySize];
        for (var step = 0; step < steps.Count; step++)
        {
            var end = step + 1 < steps.Count ? steps[step + 1] : tokens.Count;
            twin.Forward(tokens.GetRange(steps[step], end - steps[step]).ToArray(), logits);
        }

        return logits;
    }
}
