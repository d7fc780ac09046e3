using System.Buffers;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Testing;
using Swarm.Testing.Faults;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>The bad network that other tests rely on does what it says.</summary>
public sealed class FaultBlobStoreTests : IDisposable
{
    private static readonly ReadOnlySequence<byte> Content = new(new byte[10]);

    private readonly TempDirectory _folder = new();
    private readonly FileBlobStore _inner;

    public FaultBlobStoreTests() => _inner = new FileBlobStore(_folder.Path);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public void Dispose()
    {
        _inner.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(BlobFault.Busy, false)]
    [InlineData(BlobFault.LostRequest, false)]
    [InlineData(BlobFault.LostAnswer, true)]
    public async Task Create_Fault_ThrowsAndTakesEffectOnlyIfTheAnswerWasLost(BlobFault fault, bool hasEffect)
    {
        var store = new FaultBlobStore(_inner) { Next = (operation, _) => operation == BlobOperation.Create ? fault : null };

        var thrown = await Assert.ThrowsAsync<BlobStoreException>(() => store.CreateAsync("a", Content, Stop));

        Assert.True(thrown.IsTransient);
        Assert.Equal(!hasEffect, (await store.ReadAsync("a", 0, new byte[1], Stop)).IsMissing);
        Assert.Equal(
            new OperationCounts(1, hasEffect ? 1 : 0, 0, 1, hasEffect ? 10 : 0), store.Counts(BlobOperation.Create));
    }

    [Fact]
    public async Task Create_Hanging_GoesOnWhenReleased()
    {
        var store = new FaultBlobStore(_inner) { Next = (_, name) => name == "slow" ? BlobFault.Hang : null };
        var slow = store.CreateAsync("slow", Content, Stop);
        await store.CreateAsync("quick", Content, Stop);
        await store.WaitForHangingAsync(1, Stop);

        Assert.False(slow.IsCompleted, "it does not hang");
        store.Release("slow");

        Assert.False((await slow).IsRefused);
        Assert.Equal(0, store.Hanging);
    }

    [Fact]
    public async Task Rates_SameSeed_GiveTheSameFaults()
    {
        var seeded = new SeededTest();
        var rates = new FaultRates { Busy = 0.2, LostRequest = 0.2, LostAnswer = 0.2 };

        var first = await OutcomesAsync(new FaultBlobStore(_inner, seeded.Seed) { Rates = rates });
        var second = await OutcomesAsync(new FaultBlobStore(_inner, seeded.Seed) { Rates = rates });

        Assert.Equal(first, second);
        Assert.Contains("none", first);
        Assert.Contains(first, outcome => outcome.Contains("lost", StringComparison.Ordinal));
    }

    private static async Task<List<string>> OutcomesAsync(FaultBlobStore store)
    {
        var outcomes = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            try
            {
                await store.ReadAsync("none", 0, new byte[1], Stop);
                outcomes.Add("none");
            }
            catch (BlobStoreException fault)
            {
                outcomes.Add(fault.Message);
            }
        }

        return outcomes;
    }
}
