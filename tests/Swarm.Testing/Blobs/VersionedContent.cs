using System.Buffers;
using System.Buffers.Binary;
using Xunit;

namespace Swarm.Testing.Blobs;

/// <summary>Contents whose every byte tells which version they are.</summary>
public static class VersionedContent
{
    /// <summary>Largest version, in bytes.</summary>
    public const int MaxVersionBytes = 200_000;

    private const int MinVersionBytes = 64;

    /// <summary>A version: a length of its own, and its number all over.</summary>
    public static ReadOnlySequence<byte> Version(int version)
    {
        var content = new byte[LengthOf(version)];
        for (var at = 0; at + sizeof(int) <= content.Length; at += sizeof(int))
        {
            BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(at), version);
        }

        return new ReadOnlySequence<byte>(content);
    }

    /// <summary>The version of a content, which must be whole.</summary>
    public static int VersionOf(ReadOnlySpan<byte> content, long length)
    {
        Assert.True(content.Length >= MinVersionBytes, $"only {content.Length} bytes");
        var version = BinaryPrimitives.ReadInt32LittleEndian(content);
        Assert.Equal(LengthOf(version), content.Length);
        Assert.Equal(content.Length, length);
        Assert.True(Version(version).FirstSpan.SequenceEqual(content), $"version {version} is torn");
        return version;
    }

    /// <summary>A sequence of segments with the given lengths, and the rest in a last one.</summary>
    public static ReadOnlySequence<byte> Split(byte[] content, params int[] lengths)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, null);
        var last = first;
        var at = 0;
        foreach (var length in lengths.Append(content.Length - lengths.Sum()))
        {
            last = new Segment(content.AsMemory(at, length), last);
            at += length;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static int LengthOf(int version) =>
        MinVersionBytes + ((int)(version * 7919L % ((MaxVersionBytes - MinVersionBytes) / sizeof(int))) * sizeof(int));

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                previous.Next = this;
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
            }
        }
    }
}
