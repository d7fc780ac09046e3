using System.Globalization;

namespace Swarm.Core.Settings;

/// <summary>Sizes as users write them: <c>64KiB</c>, <c>1.5 GiB</c>, <c>100MB</c>, <c>65536</c>.</summary>
/// <remarks>
/// KiB, MiB, GiB and TiB (or Ki, Mi, Gi, Ti) are powers of 1024; kB, MB, GB and TB powers of 1000. Case does not matter.
/// A number without a unit is bytes.
/// </remarks>
public static class ByteSize
{
    /// <summary>What a user is told when a text is no size.</summary>
    public const string Forms = "a size such as 64KiB, 1.5GiB (powers of 1024), 100MB (powers of 1000) or a number of bytes";

    private static readonly (string Name, long Bytes)[] Units =
    [
        ("", 1), ("B", 1), ("bytes", 1),
        ("kB", 1000), ("MB", 1000 * 1000), ("GB", 1000 * 1000 * 1000), ("TB", 1000L * 1000 * 1000 * 1000),
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40),
    ];

    /// <summary>Reads a size.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="bytes">The size, rounded to whole bytes; 0 or more.</param>
    /// <returns>Whether it is a size that fits into 63 bits.</returns>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        if (!Quantity.TrySplit(text, out var number, out var name))
        {
            return false;
        }

        var unit = Array.Find(Units, candidate => candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return unit.Bytes > 0 && Quantity.TryScale(number, unit.Bytes, out bytes);
    }

    /// <summary>Writes a size so that <see cref="TryParse"/> reads the same back: in the largest unit of 1024 that divides it.</summary>
    /// <param name="bytes">The size.</param>
    public static string Format(long bytes)
    {
        string[] names = ["B", "KiB", "MiB", "GiB", "TiB"];
        var power = 0;
        while (power < names.Length - 1 && bytes != 0 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            power++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{names[power]}");
    }
}
