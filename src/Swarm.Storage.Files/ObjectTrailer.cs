using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>What follows an object's bytes in its file: 32 bytes, so that the content itself starts at 0.</summary>
/// <remarks><code>
/// 0  magic and version  "SWBLOB1\n"
/// 8  length of the content, u64 little-endian
/// 16 ETag, 16 random bytes drawn for each write
/// </code></remarks>
internal static class ObjectTrailer
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = 32;

    private const int EtagOffset = 16;

    private static ReadOnlySpan<byte> Magic => "SWBLOB1\n"u8;

    /// <summary>Makes a trailer with an ETag never used before.</summary>
    /// <param name="contentLength">Length of the content, in bytes.</param>
    /// <param name="etag">The ETag.</param>
    public static byte[] Create(long contentLength, out string etag)
    {
        var trailer = new byte[SizeBytes];
        Magic.CopyTo(trailer);
        BinaryPrimitives.WriteInt64LittleEndian(trailer.AsSpan(Magic.Length), contentLength);
        RandomNumberGenerator.Fill(trailer.AsSpan(EtagOffset));
        etag = Convert.ToHexStringLower(trailer.AsSpan(EtagOffset));
        return trailer;
    }

    /// <summary>Reads the ETag and the content's length from an open object.</summary>
    /// <exception cref="BlobStoreException">The file is not a whole object.</exception>
    public static string Read(SafeFileHandle handle, in FileStat stat, string path, out long contentLength)
    {
        Span<byte> trailer = stackalloc byte[SizeBytes];
        contentLength = stat.Size - SizeBytes;
        if (contentLength < 0
            || RandomAccess.Read(handle, trailer, contentLength) != SizeBytes
            || !trailer.StartsWith(Magic)
            || BinaryPrimitives.ReadInt64LittleEndian(trailer[Magic.Length..]) != contentLength)
        {
            throw new BlobStoreException(
                $"'{path}' ({stat.Size} bytes) is damaged: it does not end as an object of this store does. "
                + "Check the volume, and restore the file from a copy.",
                isTransient: false,
                isOfOneObject: true);
        }

        return Convert.ToHexStringLower(trailer[EtagOffset..]);
    }
}
