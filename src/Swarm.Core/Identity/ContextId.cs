using System.Buffers.Binary;
using System.Text;

namespace Swarm.Core.Identity;

/// <summary>Opaque identity of a context: what shared objects and blob names say instead of people's names.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="Context">The context's id within any tenant.</param>
public readonly record struct ContextId(Id128 Tenant, Id128 Context)
{
    /// <summary>Encoded size, in bytes: the tenant's id, then the context's.</summary>
    public const int SizeBytes = Id128.SizeBytes * 2;

    /// <summary>The id of a named context. The same names always give the same id.</summary>
    /// <param name="tenant">Tenant name, see <see cref="Names.RequireTenant"/>.</param>
    /// <param name="context">Context name, see <see cref="Names.RequireContext"/>.</param>
    /// <returns>The first 16 bytes of SHA-256 over the length-framed names, for each part.</returns>
    /// <exception cref="ArgumentException">A name is not allowed.</exception>
    public static ContextId FromNames(string tenant, string context)
    {
        Names.RequireTenant(tenant);
        Names.RequireContext(context);
        return new ContextId(TenantIdOf(tenant), Derive("swarm.context.v1", tenant, context));
    }

    /// <summary>The id of a named tenant.</summary>
    /// <param name="tenant">Tenant name, see <see cref="Names.RequireTenant"/>.</param>
    /// <returns>The first 16 bytes of SHA-256 over the length-framed name.</returns>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    public static Id128 TenantIdOf(string tenant) => Derive("swarm.tenant.v1", Names.RequireTenant(tenant));

    /// <summary>Reads an id from its encoded form.</summary>
    /// <param name="source">Exactly <see cref="SizeBytes"/> bytes.</param>
    /// <returns>The id.</returns>
    /// <exception cref="ArgumentException"><paramref name="source"/> has another length.</exception>
    public static ContextId Read(ReadOnlySpan<byte> source) => source.Length == SizeBytes
        ? new ContextId(new Id128(source[..Id128.SizeBytes]), new Id128(source[Id128.SizeBytes..]))
        : throw new ArgumentException($"A context id is {SizeBytes} bytes, got {source.Length}.", nameof(source));

    /// <summary>Writes the encoded form.</summary>
    /// <param name="destination">At least <see cref="SizeBytes"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        destination = destination[..SizeBytes];
        Tenant.CopyTo(destination);
        Context.CopyTo(destination[Id128.SizeBytes..]);
    }

    /// <summary>Both ids in hex, with a slash between.</summary>
    public override string ToString() => $"{Tenant}/{Context}";

    private static Id128 Derive(params ReadOnlySpan<string> parts)
    {
        using var stream = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            stream.Write(length);
            stream.Write(bytes);
        }

        Span<byte> digest = stackalloc byte[Digest256.SizeBytes];
        Digest256.Sha256(stream.ToArray()).CopyTo(digest);
        return new Id128(digest[..Id128.SizeBytes]);
    }
}
