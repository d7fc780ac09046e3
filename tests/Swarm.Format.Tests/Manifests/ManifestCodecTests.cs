using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Xunit;

namespace Swarm.Format.Tests.Manifests;

/// <summary>Roots, pages, tenants, models: what goes in comes out, and what may not go in is refused.</summary>
public sealed class ManifestCodecTests
{
    private const int Seeds = 500;

    [Fact]
    public void Root_AnyValue_RoundTrips() => RoundTrip(
        samples => samples.Root(), ManifestCodec.EncodeRoot, content => ManifestCodec.DecodeRoot(content));

    [Fact]
    public void Extents_AnyValue_RoundTrip() => RoundTrip(
        samples => samples.Extents(), ManifestCodec.EncodeExtents, content => ManifestCodec.DecodeExtents(content));

    [Fact]
    public void Inputs_AnyValue_RoundTrip() => RoundTrip(
        samples => (StartHash: samples.Hash(), Runs: samples.Runs()),
        inputs => ManifestCodec.EncodeInputs(inputs.StartHash, inputs.Runs),
        content => ManifestCodec.DecodeInputs(content));

    [Fact]
    public void States_AnyValue_RoundTrip() => RoundTrip(
        samples => samples.States(), ManifestCodec.EncodeStates, content => ManifestCodec.DecodeStates(content));

    [Fact]
    public void Tenant_AnyValue_RoundTrips() => RoundTrip(
        samples => (Name: "acme-7", Key: new TenantKey(samples.Bytes(TenantKey.SizeBytes))),
        tenant => ManifestCodec.EncodeTenant(tenant.Name, tenant.Key),
        content => ManifestCodec.DecodeTenant(content));

    [Fact]
    public void Store_AnyIdentity_RoundTrips() => RoundTrip(
        samples => new StoreIdentity(
            new Id128(samples.Bytes(Id128.SizeBytes)), DateTimeOffset.FromUnixTimeMilliseconds(samples.Bytes(1)[0] * 1_000_000_007L)),
        ManifestCodec.EncodeStore,
        content => ManifestCodec.DecodeStore(content));

    [Fact]
    public void Store_WhatIsNoIdentity_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => ManifestCodec.EncodeStore(new StoreIdentity(default, DateTimeOffset.UnixEpoch)));
        Assert.Throws<ArgumentException>(() => ManifestCodec.EncodeStore(
            new StoreIdentity(new Id128(1, 2), DateTimeOffset.UnixEpoch.AddMilliseconds(-1))));
    }

    [Fact]
    public void Model_AnyValue_RoundTripsWithItsFingerprint()
    {
        RoundTrip(samples => samples.Model(), ManifestCodec.EncodeModel, content => ManifestCodec.DecodeModel(content));

        var model = new Samples(1).Model();
        var decoded = ManifestCodec.DecodeModel(ManifestCodec.EncodeModel(model));
        Assert.Equal(model.ComputeFingerprint(), decoded.ComputeFingerprint());
    }

    [Fact]
    public void EncodeRoot_TooManyPages_SaysWhatToDo()
    {
        var samples = new Samples(1);
        var pages = Enumerable.Range(0, 400).Select(index => new PageRef(
            ObjectKind.ExtentPage, samples.Id(), samples.Id(), index * 10L, (index * 10L) + 10, 1, 100, 0));

        var fault = Assert.Throws<InvalidOperationException>(
            () => ManifestCodec.EncodeRoot(samples.Root() with { ExtentPages = [.. pages] }));

        Assert.Contains("at most 16384", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EncodeRoot_OfOneWithFeaturesThatMustNotBeRewritten_Throws()
    {
        var content = Forge.WithHeader(ManifestCodec.EncodeRoot(new Samples(1).Root()), header => header[16] = 1);

        var root = ManifestCodec.DecodeRoot(content);

        Assert.True(root.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => ManifestCodec.EncodeRoot(root with { Generation = 99 }));
    }

    [Fact]
    public void EncodeRoot_InvalidValue_Throws()
    {
        var root = new Samples(1).Root() with { TokenLength = 10, KvLengths = [10] };
        ContextRoot[] invalid =
        [
            root with { State = 0 },
            root with { Tenant = "Acme" },
            root with { Name = "" },
            root with { Holder = "Drone A" },
            root with { BlockTokens = 0 },
            root with { TokenLength = -1 },
            root with { KvLengths = [11] },
            root with { KvLengths = default },
            root with { ParentPosition = -1 },
            root with { ExtentPages = [Page(ObjectKind.InputPage, 0, 5)] },
            root with { ExtentPages = [Page(ObjectKind.ExtentPage, 0, 5), Page(ObjectKind.ExtentPage, 6, 9)] },
            root with { InputPages = [Page(ObjectKind.InputPage, 5, 4)] },
        ];

        foreach (var value in invalid)
        {
            Assert.ThrowsAny<ArgumentException>(() => ManifestCodec.EncodeRoot(value));
        }
    }

    [Fact]
    public void EncodeExtents_WithAHole_Throws()
    {
        var extents = new Samples(3).Extents();
        var hole = extents[^1] with { FirstPosition = extents[^1].EndPosition + 1 };

        Assert.Throws<ArgumentException>(() => ManifestCodec.EncodeExtents([.. extents, hole]));
    }

    [Fact]
    public void EncodeExtents_PayloadWithoutAnObject_Throws()
    {
        var extent = new Samples(3).Extents()[0];

        Assert.Throws<ArgumentException>(
            () => ManifestCodec.EncodeExtents([extent with { Payload = extent.Payload with { Object = default } }]));
    }

    [Fact]
    public void EncodeInputs_StepsThatDoNotAddUp_Throws() =>
        Assert.Throws<ArgumentException>(
            () => ManifestCodec.EncodeInputs(default, [new InputRun(0, (int[])[1, 2, 3], (int[])[1, 1])]));

    [Fact]
    public void EncodeStates_OfOneNameTwice_Throws()
    {
        var state = new NamedState("rng", 1, default);

        Assert.Throws<ArgumentException>(() => ManifestCodec.EncodeStates([state, state]));
    }

    private static PageRef Page(ObjectKind kind, long first, long end) => new(kind, default, default, first, end, 1, 100, 0);

    private static void RoundTrip<T>(Func<Samples, T> draw, Func<T, byte[]> encode, Func<byte[], T> decode)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var value = draw(new Samples(seed));

            var decoded = decode(encode(value));

            Assert.True(Fields.Show(value) == Fields.Show(decoded), $"seed {seed}");
        }
    }
}
