namespace Swarm;

/// <summary>Element type of a KV stream. The numbers are persisted.</summary>
public enum KvDType
{
    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    Float32 = 1,

    /// <summary>IEEE 754 binary16, 2 bytes.</summary>
    Float16 = 2,

    /// <summary>bfloat16, 2 bytes.</summary>
    BFloat16 = 3,

    /// <summary>FP8 E4M3, 1 byte.</summary>
    Float8E4M3 = 4,

    /// <summary>FP8 E5M2, 1 byte.</summary>
    Float8E5M2 = 5,

    /// <summary>Opaque bytes, as of a recurrent layer's snapshot.</summary>
    Bytes = 6,
}

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
