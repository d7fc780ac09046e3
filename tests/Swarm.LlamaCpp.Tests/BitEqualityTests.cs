using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.LlamaCpp.Tests;

/// <summary>What changes bits and what does not: steps' lengths do, and whatever is in the numerics identity; the size of the cache does not, nor what happens beside a step.</summary>
public sealed class BitEqualityTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    [Theory]
    [InlineData(1, true)]
    [InlineData(30, true)]
    [InlineData(64, true)]
    [InlineData(512, true)]
    [InlineData(30, false)]
    public void Forward_ExportedAndImportedAtAnyCut_EqualsTheUninterrupted(int step, bool flash)
    {
        const int Length = 600;
        using var model = Load(new RandomGguf(), new LlamaCppOptions { Threads = 2, FlashAttention = flash });
        using var straight = model.CreateRuntime(1024);
        var tokens = KvRuntimes.Tokens(Length + 40, 1);
        var logits = KvRuntimes.Feed(straight, tokens.AsSpan(0, Length), step);
        foreach (var cut in new[] { step, step * ((300 / step) + 1) }.Where(cut => cut < Length))
        {
            using var first = model.CreateRuntime(Length);
            using var second = model.CreateRuntime(2048);
            KvRuntimes.Feed(first, tokens.AsSpan(0, cut), step);
            KvRuntimes.Copy(first, second, cut, 100);

            Assert.Equal(logits, KvRuntimes.Feed(second, tokens.AsSpan(cut, Length - cut), step));
            Assert.Equal(KvRuntimes.Read(straight, 0, Length), KvRuntimes.Read(second, 0, Length));
        }
    }

    [Fact]
    public async Task Forward_OfTwoRuntimesAtOnce_EqualsEachByItself()
    {
        using var model = Load(new RandomGguf(), new LlamaCppOptions { Threads = 1 });
        using var alone = model.CreateRuntime(1024);
        var tokens = KvRuntimes.Tokens(400, 1);
        var logits = KvRuntimes.Feed(alone, tokens, 3);

        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(
            () =>
            {
                using var runtime = model.CreateRuntime(1024);
                return KvRuntimes.Feed(runtime, tokens, 3);
            },
            TestContext.Current.CancellationToken)));

        Assert.All(both, other => Assert.Equal(logits, other));
    }

    [Fact]
    public void Numerics_OtherSettings_AreOtherIdentities()
    {
        var file = new RandomGguf().Write(_folder.Combine("model.gguf"));
        LlamaCppOptions[] settings =
        [
            new() { Threads = 1 },
            new() { Threads = 2 },
            new() { Threads = 1, FlashAttention = false },
            new() { Threads = 1, KeyType = "bf16" },
            new() { Threads = 1, ValueType = "bf16" },
        ];
        var identities = settings.SelectMany(options =>
        {
            using var model = LlamaCppModel.Load(file, options);
            using var runtime = model.CreateRuntime(64);
            using var shorter = model.CreateRuntime(64, 32);
            return new[] { runtime.Numerics, shorter.Numerics };
        }).ToArray();

        Assert.Equal(identities.Length, identities.Distinct().Count());
        Assert.Contains("llama.cpp, ggml 0.18.0 ", identities[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("threads 1; flash attention; kv f16 f16; batch 512", identities[0].ToString(), StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(identities[0].ToString());
    }

    public void Dispose() => _folder.Dispose();

    private LlamaCppModel Load(RandomGguf model, LlamaCppOptions options) => LlamaCppModel.Load(model.Write(_folder.Combine("model.gguf")), options);
}
