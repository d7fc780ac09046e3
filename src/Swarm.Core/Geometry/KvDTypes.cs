namespace Swarm;

/// <summary>Facts about <see cref="KvDType"/>.</summary>
public static class KvDTypes
{
    /// <summary>Size of one element.</summary>
    /// <param name="dtype">The element type.</param>
    /// <returns>Bytes, 1 to 4.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dtype"/> is unknown.</exception>
    public static int SizeBytes(this KvDType dtype) => dtype switch
    {
        KvDType.Float32 => 4,
        KvDType.Float16 or KvDType.BFloat16 => 2,
        KvDType.Float8E4M3 or KvDType.Float8E5M2 or KvDType.Bytes => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown KV element type."),
    };
}
