using Swarm.Core.Blocks;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of roots, pages, tenants, models and the store's identity. See FORMAT.md.</summary>
/// <remarks>
/// Every Decode throws <see cref="CorruptObjectException"/> for bytes that are not sound, and every Encode
/// <see cref="ArgumentException"/> for a value that its Decode would not give back.
/// </remarks>
public static class ManifestCodec
{
    /// <summary>Most extents of a page.</summary>
    public const int MaxPageExtents = 1024;

    /// <summary>Encodes a root.</summary>
    /// <exception cref="InvalidOperationException">It does not fit <see cref="ContextRoot.MaxBytes"/>.</exception>
    public static byte[] EncodeRoot(ContextRoot root) => RootCodec.Encode(root);

    /// <summary>Decodes a root.</summary>
    public static ContextRoot DecodeRoot(ReadOnlySpan<byte> content) => RootCodec.Decode(content);

    /// <summary>Encodes a page of extents, ascending and without holes.</summary>
    public static byte[] EncodeExtents(IReadOnlyList<KvExtent> extents) => PageCodec.EncodeExtents(extents);

    /// <summary>Decodes a page of extents.</summary>
    public static IReadOnlyList<KvExtent> DecodeExtents(ReadOnlySpan<byte> content) =>
        ObjectCodec.Decode(ObjectKind.ExtentPage, content, PageCodec.ReadExtents);

    /// <summary>Encodes a page of inputs, ascending and without holes.</summary>
    /// <param name="startHash">Chain hash of the last whole block before the first run's position.</param>
    /// <param name="runs">The inputs.</param>
    public static byte[] EncodeInputs(BlockHash startHash, IReadOnlyList<InputRun> runs) =>
        PageCodec.EncodeInputs(startHash, runs);

    /// <summary>Decodes a page of inputs.</summary>
    public static (BlockHash StartHash, IReadOnlyList<InputRun> Runs) DecodeInputs(ReadOnlySpan<byte> content) =>
        ObjectCodec.Decode(ObjectKind.InputPage, content, PageCodec.ReadInputs);

    /// <summary>Encodes a page of states, at most 64 of them.</summary>
    public static byte[] EncodeStates(IReadOnlyList<NamedState> states) => PageCodec.EncodeStates(states);

    /// <summary>Decodes a page of states.</summary>
    public static IReadOnlyList<NamedState> DecodeStates(ReadOnlySpan<byte> content) =>
        ObjectCodec.Decode(ObjectKind.StatePage, content, PageCodec.ReadStates);

    /// <summary>Encodes a tenant's record.</summary>
    public static byte[] EncodeTenant(string name, TenantKey key) => TenantCodec.Encode(name, key);

    /// <summary>Decodes a tenant's record.</summary>
    public static (string Name, TenantKey Key) DecodeTenant(ReadOnlySpan<byte> content) =>
        ObjectCodec.Decode(ObjectKind.Tenant, content, TenantCodec.Read);

    /// <summary>Encodes a model's descriptor.</summary>
    public static byte[] EncodeModel(ModelDescriptor model) => ModelCodec.Encode(model);

    /// <summary>Decodes a model's descriptor.</summary>
    public static ModelDescriptor DecodeModel(ReadOnlySpan<byte> content) =>
        ObjectCodec.Decode(ObjectKind.Model, content, ModelCodec.Read);

    /// <summary>Encodes a store's identity; the time in whole milliseconds.</summary>
    public static byte[] EncodeStore(StoreIdentity identity) => StoreCodec.Encode(identity);

    /// <summary>Decodes a store's identity.</summary>
    public static StoreIdentity DecodeStore(ReadOnlySpan<byte> content) =>
        ObjectCodec.Decode(ObjectKind.Store, content, StoreCodec.Read);

    /// <summary>XxHash3-64, the checksum of everything persisted.</summary>
    public static ulong Checksum(ReadOnlySpan<byte> content) => System.IO.Hashing.XxHash3.HashToUInt64(content);
}
