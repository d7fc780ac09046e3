namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>
/// The checksum of MAVLink packets: the CRC of ITU-T X.25 without its last inversion (polynomial 0x1021 reflected, start 0xFFFF), known as
/// CRC-16/MCRF4XX. It finds every damage of up to 16 neighbouring bits.
/// </summary>
internal static class X25Checksum
{
    /// <summary>The checksum of no bytes.</summary>
    public const ushort Start = 0xFFFF;

    private const ushort Polynomial = 0x8408;

    private static readonly ushort[] _table = CreateTable();

    /// <summary>Goes on with more bytes.</summary>
    /// <param name="checksum">The checksum of what came before, or <see cref="Start"/>.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The checksum of all.</returns>
    public static ushort Add(ushort checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            checksum = Add(checksum, value);
        }

        return checksum;
    }

    /// <summary>Goes on with one more byte.</summary>
    /// <param name="checksum">The checksum of what came before.</param>
    /// <param name="value">The byte.</param>
    /// <returns>The checksum of all.</returns>
    public static ushort Add(ushort checksum, byte value) => (ushort)((checksum >> 8) ^ _table[(byte)(checksum ^ value)]);

    private static ushort[] CreateTable()
    {
        var table = new ushort[256];
        for (var value = 0; value < table.Length; value++)
        {
            var rest = (ushort)value;
            for (var bit = 0; bit < 8; bit++)
            {
                rest = (ushort)((rest & 1) != 0 ? (rest >> 1) ^ Polynomial : rest >> 1);
            }

            table[value] = rest;
        }

        return table;
    }
}
