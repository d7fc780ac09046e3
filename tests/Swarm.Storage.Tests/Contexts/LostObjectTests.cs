using Swarm.Core.Errors;
using Swarm.Core.Identity;
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
}
