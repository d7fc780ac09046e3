using System.Buffers.Binary;
using System.IO.Hashing;

namespace Swarm.Client.Spool;

/// <summary>The bytes of a spool's segment; see SPOOL.md.</summary>
internal static class SpoolFormat
{
    /// <summary>Bytes before the first record.</summary>
    public const int PreambleBytes = 24;

    /// <summary>Bytes of a record before its body.</summary>
    public const int RecordHeaderBytes = 16;

    /// <summary>Bytes of a record besides its body.</summary>
    public const int RecordOverheadBytes = RecordHeaderBytes + sizeof(ulong);

    /// <summary>Largest header of a segment without states, in bytes: its names are bounded.</summary>
    public const int MaxHeaderBytes = 1024;

    /// <summary>Largest body of a record, in bytes: a step's inputs and 64 states of the largest size.</summary>
    public const int MaxBodyBytes = 8 << 20;

    private const byte Version = 1;
    private const byte ChecksumAlgorithm = 1;

    private static ReadOnlySpan<byte> Magic => "SWSP"u8;

    /// <summary>Writes what a segment begins with.</summary>
    public static void WritePreamble(Span<byte> destination)
    {
        destination = destination[..PreambleBytes];
        destination.Clear();
        Magic.CopyTo(destination);
        destination[4] = Version;
        destination[5] = ChecksumAlgorithm;
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], XxHash3.HashToUInt64(destination[..16]));
    }

    /// <summary>Checks what a segment begins with.</summary>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    public static string? CheckPreamble(ReadOnlySpan<byte> source)
    {
        if (XxHash3.HashToUInt64(source[..16]) != BinaryPrimitives.ReadUInt64LittleEndian(source[16..]))
        {
            return "its first bytes fail their checksum";
        }

        var incompatible = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        return !source[..4].SequenceEqual(Magic) ? "it is not a spool"
            : source[4] != Version || source[5] != ChecksumAlgorithm || incompatible != 0
                ? $"it needs a newer build (version {source[4]}, checksum {source[5]}, features {incompatible:x})"
                : null;
    }

    /// <summary>Frames a record whose body is in place already.</summary>
    /// <param name="record">Header, body, and room for the checksum.</param>
    /// <param name="sequence">The segment's number.</param>
    /// <param name="ordinal">The record's number in it.</param>
    /// <param name="type">Its type.</param>
    public static void Frame(Span<byte> record, ulong sequence, int ordinal, SpoolRecordType type)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - RecordOverheadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], ordinal);
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], HeaderCheck(record, sequence));
        BinaryPrimitives.WriteUInt64LittleEndian(record[^8..], Check(record[..^8], sequence));
    }

    /// <summary>Whether a record's header is sound: only then its length means anything.</summary>
    public static bool IsHeaderSound(ReadOnlySpan<byte> record, ulong sequence) =>
        HeaderCheck(record, sequence) == BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);

    /// <summary>Whether a whole record is sound.</summary>
    public static bool IsSound(ReadOnlySpan<byte> record, ulong sequence) =>
        Check(record[..^8], sequence) == BinaryPrimitives.ReadUInt64LittleEndian(record[^8..]);

    /// <summary>Reads a sound header.</summary>
    public static (int BodyBytes, int Ordinal, uint Type) ReadHeader(ReadOnlySpan<byte> record) => (
        BinaryPrimitives.ReadInt32LittleEndian(record),
        BinaryPrimitives.ReadInt32LittleEndian(record[4..]),
        BinaryPrimitives.ReadUInt32LittleEndian(record[8..]));

    // The segment's number is the seed: what is left on the disk of another segment never passes.
    private static uint HeaderCheck(ReadOnlySpan<byte> record, ulong sequence) => (uint)Check(record[..12], sequence);

    private static ulong Check(ReadOnlySpan<byte> bytes, ulong sequence) =>
        XxHash3.HashToUInt64(bytes, unchecked((long)sequence));
}

/// <summary>What a record of a spool holds. The numbers are on disk.</summary>
internal enum SpoolRecordType : byte
{
    /// <summary>A <see cref="SpoolHeader"/>; the first of each segment, and only there.</summary>
    Header = 1,

    /// <summary>One step's inputs, and states that were set with them.</summary>
    Step = 2,

    /// <summary>One state.</summary>
    State = 3,
}
