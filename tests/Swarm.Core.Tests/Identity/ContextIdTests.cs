using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Core.Tests.Identity;

/// <summary>Ids of names: persisted in every blob's name.</summary>
public sealed class ContextIdTests
{
    // Computed apart from this code. If it fails, no stored context is found any more: use new labels instead.
    [Fact]
    public void FromNames_GoldenVector_IsStable() => Assert.Equal(
        "76d3f55f3c176ed358351fe385b42f39/5c8cf824d4cfcb3c578d16b8cf95edd4",
        ContextId.FromNames("acme", "track/vehicle-17").ToString());

    [Fact]
    public void FromNames_SameContextOfAnotherTenant_SharesNeitherId()
    {
        var (left, right) = (ContextId.FromNames("acme", "a"), ContextId.FromNames("umbrella", "a"));

        Assert.NotEqual(left.Tenant, right.Tenant);
        Assert.NotEqual(left.Context, right.Context);
    }

    [Fact]
    public void FromNames_BoundaryMoved_GivesOtherIds() =>
        Assert.NotEqual(ContextId.FromNames("ab", "c").Context, ContextId.FromNames("a", "bc").Context);

    [Fact]
    public void Read_WhatCopyToWrote_IsTheSame()
    {
        var id = ContextId.FromNames("acme", "a");
        var bytes = new byte[ContextId.SizeBytes];
        id.CopyTo(bytes);

        Assert.Equal(id, ContextId.Read(bytes));
        Assert.Throws<ArgumentException>(() => ContextId.Read(bytes.AsSpan(1)));
    }
}
