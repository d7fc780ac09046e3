using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Models;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of roots, pages, tenants and models. CONTRACT FILE: signatures to be kept, bodies to be written.</summary>
/// <remarks>Every Decode throws <see cref="Objects.CorruptObjectException"/> for bytes that are not sound.</remarks>
public static class ManifestCodec
{
    /// <summary>Most extents of a page.</summary>
    public const int MaxPageExtents = 1024;

    /// <summary>Encodes a root.</summary>
    /// <exception cref="InvalidOperationException">It does not fit <see cref="ContextRoot.MaxBytes"/>.</exception>
    public static byte[] EncodeRoot(ContextRoot root) => throw new NotImplementedException();

    /// <summary>Decodes a root.</summary>
    public static ContextRoot DecodeRoot(ReadOnlySpan<byte> content) => throw new NotImplementedException();

    /// <summary>Encodes a page of extents, ascending and without holes.</summary>
    public static byte[] EncodeExtents(IReadOnlyList<KvExtent> extents) => throw new NotImplementedException();

    /// <summary>Decodes a page of extents.</summary>
    public static IReadOnlyList<KvExtent> DecodeExtents(ReadOnlySpan<byte> content) => throw new NotImplementedException();

    /// <summary>Encodes a page of inputs, ascending and without holes.</summary>
    /// <param name="startHash">Chain hash of the last whole block before the first run's position.</param>
    /// <param name="runs">The inputs.</param>
    public static byte[] EncodeInputs(BlockHash startHash, IReadOnlyList<InputRun> runs) => throw new NotImplementedException();

    /// <summary>Decodes a page of inputs.</summary>
    public static (BlockHash StartHash, IReadOnlyList<InputRun> Runs) DecodeInputs(ReadOnlySpan<byte> content) =>
        throw new NotImplementedException();

    /// <summary>Encodes a page of states, at most 64 of them.</summary>
    public static byte[] EncodeStates(IReadOnlyList<NamedState> states) => throw new NotImplementedException();

    /// <summary>Decodes a page of states.</summary>
    public static IReadOnlyList<NamedState> DecodeStates(ReadOnlySpan<byte> content) => throw new NotImplementedException();

    /// <summary>Encodes a tenant's record.</summary>
    public static byte[] EncodeTenant(string name, TenantKey key) => throw new NotImplementedException();

    /// <summary>Decodes a tenant's record.</summary>
    public static (string Name, TenantKey Key) DecodeTenant(ReadOnlySpan<byte> content) => throw new NotImplementedException();

    /// <summary>Encodes a model's descriptor.</summary>
    public static byte[] EncodeModel(ModelDescriptor model) => throw new NotImplementedException();

    /// <summary>Decodes a model's descriptor.</summary>
    public static ModelDescriptor DecodeModel(ReadOnlySpan<byte> content) => throw new NotImplementedException();

    /// <summary>XxHash3-64, the checksum of everything persisted.</summary>
    public static ulong Checksum(ReadOnlySpan<byte> content) => System.IO.Hashing.XxHash3.HashToUInt64(content);
}
