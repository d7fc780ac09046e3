using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>Objects that contexts need go missing: whoever needs one is told its name, and nothing is made in its place. Promise 3.</summary>
public sealed class LostObjectTests
{
    [Theory]
    [InlineData("pages/")]
    [InlineData("models/")]
    [InlineData("tenants/")]
    public void Open_ObjectLost_IsRefusedByNameOrLosesNoInputs(string prefix)
    {
        var lone = new LoneStore();
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        writer.Write(5_000);
        writer.Close();
        var good = lone.Blobs.Objects.ToDictionary();
        var refusals = 0;
        foreach (var name in good.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            lone.Restart();
            lone.Blobs.Remove(name);
            var before = lone.Blobs.Objects.ToDictionary();
            if (Record.Exception(() => Assert.Equal(writer.Tokens, lone.Run(writer.ReadAsync).Tokens)) is { } refused)
            {
                refusals++;
                Assert.Equal(RefusalCode.Corrupt, Assert.IsType<CorruptDataException>(refused).Refusal.Code);
                Assert.Contains(name, refused.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(name, lone.Blobs.Objects.Keys);
                Assert.Empty(before.Keys.Except(lone.Blobs.Objects.Keys));
            }

            lone.Blobs.Restore(good);
        }

        lone.Restart();
        writer.AssertIsAllThere();
        Assert.True(refusals > 0, $"nothing under {prefix} was needed");
    }

    /// <summary>A context more would make the tenant's key anew: all that the tenant has would be of another key.</summary>
    [Fact]
    public void Create_TenantLost_IsRefusedByName()
    {
        var lone = new LoneStore();
        var writer = new ContextWriter(lone, "first");
        writer.Write(10);
        lone.Restart();
        var tenant = Assert.Single(lone.Blobs.Objects.Keys, name => name.StartsWith("tenants/", StringComparison.Ordinal));
        lone.Blobs.Remove(tenant);

        var refused = Assert.Throws<CorruptDataException>(() => new ContextWriter(lone, "second").Write(10));

        Assert.Contains(tenant, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(tenant, lone.Blobs.Objects.Keys);
        Assert.DoesNotContain($"contexts/{ContextId.TenantIdOf("t")}/{ContextId.FromNames("t", "second").Context}", lone.Blobs.Objects.Keys);
    }

    /// <summary>A context in which nothing ever was does not hold a tenant up: it may be left of a store that was set back while it was made.</summary>
    [Fact]
    public void Create_TenantLostAndNothingKeptUnderItsKey_MakesAnother()
    {
        var lone = new LoneStore();
        var empty = new ContextWriter(lone, "empty");
        lone.Run(empty.OpenAsync);
        empty.Close();
        lone.Restart();
        lone.Blobs.Remove(Assert.Single(lone.Blobs.Objects.Keys, name => name.StartsWith("tenants/", StringComparison.Ordinal)));

        empty.Write(10);
        lone.Restart();
        empty.AssertIsAllThere();
    }

    /// <summary>A chunk that the store has taken and lost by the time its record is in the log: its KV is not acknowledged.</summary>
    [Fact]
    public void Append_ChunkGoneBeforeItsRecordIsThere_AcknowledgesNothing()
    {
        var lone = new LoneStore(largeRecordBytes: 64);
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        writer.Write(2 * ContextWriter.RunTokens);
        lone.Blobs.Changed = (name, content) =>
        {
            if (content is not null && name.StartsWith(BlobNames.ChunksPrefix, StringComparison.Ordinal))
            {
                lone.Blobs.Remove(name);
            }
        };

        Assert.Throws<SwarmRefusedException>(() => writer.Write(ContextWriter.RunTokens));

        Assert.Contains(BlobNames.ChunksPrefix, lone.Store.StoreReplaced, StringComparison.Ordinal);
    }

    /// <summary>A merged chunk that the store has taken and lost: the root goes on naming what it was made of, which stays.</summary>
    [Fact]
    public void Compact_ChunkGone_KeepsWhatItWasMadeOf()
    {
        var lone = new LoneStore(checkpointSegments: 2, compactionRuns: 4);
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        var lost = 0;
        lone.Blobs.Changed = (name, content) =>
        {
            if (content is not null && name.StartsWith(BlobNames.ChunksPrefix, StringComparison.Ordinal))
            {
                lone.Blobs.Remove(name);
                lost++;
            }
        };
        for (var turn = 0; turn < 20; turn++)
        {
            writer.Write(2 * ContextWriter.RunTokens);
            lone.Settle();
        }

        lone.Restart();
        lone.Run(() => lone.Store.CollectAsync(default));
        writer.AssertIsAllThere();
        Assert.True(lost > 0, "nothing was merged");
    }
}
