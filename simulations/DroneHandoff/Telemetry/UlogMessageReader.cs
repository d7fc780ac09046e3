using System.Buffers.Binary;

namespace DroneHandoff.Telemetry;

/// <summary>The messages of a ULog file, one after the other, as PX4's logger wrote them.</summary>
/// <remarks>
/// A header of 16 bytes, then messages: a size of 2 bytes, a kind, and the content
/// (<see href="https://docs.px4.io/main/en/dev_log/ulog_file_format.html"/>). After a crash of the autopilot more messages may be appended behind one
/// that was cut off: the flag message says where they begin. Holds one message in memory.
/// </remarks>
internal sealed class UlogMessageReader
{
    private const int MessageHeaderBytes = 3;
    private const int FlagBytes = 40;
    private const int AppendedFlag = 1;
    private static readonly byte[] _magic = [0x55, 0x4C, 0x6F, 0x67, 0x01, 0x12, 0x35];

    private readonly Stream _stream;
    private readonly string _file;
    private readonly byte[] _content = new byte[ushort.MaxValue];
    private readonly Queue<long> _appended = [];
    private long _next;

    /// <summary>Reads the file's header.</summary>
    /// <param name="stream">The file, at its start; not disposed. It can seek.</param>
    /// <param name="file">Its name in error messages.</param>
    /// <exception cref="TelemetryFormatException">It is not a ULog file, or one of a version that is not known.</exception>
    public UlogMessageReader(Stream stream, string file)
    {
        (_stream, _file) = (stream, file);
        Span<byte> header = stackalloc byte[16];
        var length = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (length < header.Length || !header.StartsWith(_magic) || header[_magic.Length] > 1)
        {
            throw Fault(
                0,
                $"the header of a ULog file, version 0 or 1 ({Convert.ToHexString(_magic)} and a version)",
                length == 0 ? TelemetryFormatException.EndOfFile : Convert.ToHexString(header[..Math.Min(length, _magic.Length + 1)]));
        }

        _next = header.Length;
    }

    /// <summary>Where the message that was read last begins, in bytes from the file's start.</summary>
    public long Offset { get; private set; }

    /// <summary>Whether the file ended within a message, as after a loss of power.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Reads the next message.</summary>
    /// <param name="kind">What it is, a letter.</param>
    /// <param name="content">Its content; valid until the next call.</param>
    /// <returns><see langword="false"/> at the file's end.</returns>
    /// <exception cref="TelemetryFormatException">It is no message, or one that must not be passed over.</exception>
    public bool TryRead(out char kind, out ReadOnlySpan<byte> content)
    {
        Span<byte> header = stackalloc byte[MessageHeaderBytes];
        kind = '\0';
        content = [];
        while (true)
        {
            Offset = _next;
            var limit = _appended.TryPeek(out var appended) ? appended : long.MaxValue;
            var length = Offset + MessageHeaderBytes > limit ? 0 : _stream.ReadAtLeast(header, MessageHeaderBytes, throwOnEndOfStream: false);
            var size = BinaryPrimitives.ReadUInt16LittleEndian(header);
            if (limit != long.MaxValue && (length < MessageHeaderBytes || Offset + MessageHeaderBytes + size > limit))
            {
                _appended.Dequeue(); // What comes before it was cut off when it was appended.
                _next = _stream.Seek(limit, SeekOrigin.Begin);
                continue;
            }

            if (length == 0)
            {
                return false;
            }

            if (length < MessageHeaderBytes || _stream.ReadAtLeast(_content.AsSpan(0, size), size, throwOnEndOfStream: false) < size)
            {
                IsCut = true;
                return false;
            }

            if (!char.IsAsciiLetterUpper((char)header[2]))
            {
                throw Fault(
                    Offset,
                    "a message, whose kind is a capital letter",
                    $"the byte 0x{header[2]:X2}",
                    "The file is damaged there: cut it off before that byte to use what comes before it.");
            }

            kind = (char)header[2];
            content = _content.AsSpan(0, size);
            var isFirst = Offset == 16;
            _next = Offset + MessageHeaderBytes + size;
            if (kind == 'B' && isFirst)
            {
                ReadFlags(content);
            }

            return true;
        }
    }

    /// <summary>A fault of the message that was read last.</summary>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    /// <returns>The exception.</returns>
    public TelemetryFormatException Fault(string expected, string found) => Fault(Offset, expected, found);

    private void ReadFlags(ReadOnlySpan<byte> content)
    {
        if (content.Length < FlagBytes)
        {
            throw Fault($"flags of {FlagBytes} bytes or more", $"{content.Length} bytes");
        }

        var incompatible = content.Slice(8, 8);
        if ((incompatible[0] & ~AppendedFlag) != 0 || incompatible[1..].ContainsAnyExcept((byte)0))
        {
            throw Fault("no features but appended data", $"the incompatible flags {Convert.ToHexString(incompatible)}");
        }

        var last = _next;
        for (var at = 16; at < FlagBytes; at += sizeof(long))
        {
            var offset = BinaryPrimitives.ReadInt64LittleEndian(content[at..]);
            if (offset == 0)
            {
                break;
            }

            if (offset < last || offset > _stream.Length)
            {
                throw Fault($"appended data from byte {last} to {_stream.Length}, in order", $"appended data at byte {offset}");
            }

            _appended.Enqueue(offset);
            last = offset;
        }
    }

    private TelemetryFormatException Fault(long offset, string expected, string found, string remedy = "") =>
        TelemetryFormatException.AtByte(_file, offset, expected, found, remedy);
}
