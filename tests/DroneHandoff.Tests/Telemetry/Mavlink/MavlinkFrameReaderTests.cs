using DroneHandoff.Telemetry.Mavlink;
using Swarm.Testing;
using Swarm.Testing.Fuzzing;

namespace DroneHandoff.Tests.Telemetry.Mavlink;

/// <summary>A datagram in pieces: whatever is in it, every byte is in one of them, and a packet is one whose checksum is right.</summary>
public sealed class MavlinkFrameReaderTests
{
    private const int SignatureLength = 13;

    // Written by node-mavlink 2.3.0: number 1 of system 7, component 1.
    private const string HeartbeatOfNode = "fd09000001070100000000000000020c510403e642";

    private static readonly byte[] _heartbeat = MavlinkPackets.Version2(0, MavlinkPackets.Heartbeat(), 1);
    private static readonly byte[] _position = MavlinkPackets.Version2(33, MavlinkPackets.Position(1000), 2);
    private static readonly byte[] _signed = MavlinkPackets.Version2(33, MavlinkPackets.Position(1020), 3, flags: 1);
    private static readonly byte[] _version1 = MavlinkPackets.Version1(33, MavlinkPackets.Position(1040), 4);
    private static readonly byte[] _unknown = MavlinkPackets.Version2(1, [1, 2, 3, 0xFD, 5], 5);

    [Fact]
    public void TryRead_PacketsOfEveryForm_AreReadInOrder()
    {
        byte[] datagram = [.. _heartbeat, .. _position, .. _signed, .. _version1, .. _unknown, .. _heartbeat];

        var frames = Read(datagram);

        Assert.Equal(
            [
                MavlinkFrameKind.Packet, MavlinkFrameKind.Packet, MavlinkFrameKind.Packet, MavlinkFrameKind.Packet,
                MavlinkFrameKind.UnknownMessage, MavlinkFrameKind.Packet,
            ],
            frames.Select(frame => frame.Kind));
        Assert.Equal([0, 33, 33, 33, 1, 0], frames.Select(frame => frame.Id));
        Assert.Equal([1, 2, 3, 4, 5, 1], frames.Select(frame => frame.Sequence));
    }

    [Fact]
    public void TryRead_PayloadLongerThanTheDefinition_IsANewerSendersExtension() =>
        Assert.Equal(
            MavlinkFrameKind.Packet,
            Assert.Single(Read(MavlinkPackets.Version2(33, [.. MavlinkPackets.Position(1000), 1, 2, 3], 2))).Kind);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    public void TryRead_IncompatibleFeature_IsNotRead(byte flags, bool isRead) =>
        Assert.Equal(
            isRead ? MavlinkFrameKind.Packet : MavlinkFrameKind.Incompatible,
            Assert.Single(Read(MavlinkPackets.Version2(33, MavlinkPackets.Position(1000), 2, flags: flags))).Kind);

    [Fact]
    public void TryRead_PayloadOfMavlink1ThatIsTooShort_IsNotRead() =>
        Assert.Equal(
            MavlinkFrameKind.ShortPayload, Assert.Single(Read(MavlinkPackets.Version1(33, MavlinkPackets.Position(1000)[..27], 2))).Kind);

    [Fact]
    public void TryRead_OtherDefinitionOfTheMessage_IsAWrongChecksum() =>
        Assert.Equal(
            MavlinkFrameKind.BadChecksum,
            Assert.Single(Read(MavlinkPackets.Version2(33, MavlinkPackets.Position(1000), 2, crcExtra: 105))).Kind);

    [Fact]
    public void TryRead_BytesBetweenPackets_AreForeign()
    {
        byte[] datagram = [.. "noise"u8, .. _position, .. "more"u8, .. _heartbeat];

        Assert.Equal(
            [
                (MavlinkFrameKind.ForeignBytes, 5), (MavlinkFrameKind.Packet, _position.Length), (MavlinkFrameKind.ForeignBytes, 4),
                (MavlinkFrameKind.Packet, _heartbeat.Length),
            ],
            Read(datagram).Select(frame => (frame.Kind, frame.Length)));
    }

    // Every bit of a packet between two others: they come through, and what is damaged does not.
    [Fact]
    public void TryRead_AnyBitFlipped_CostsThatPacketAlone()
    {
        foreach (var damaged in new[] { _heartbeat, _position, _version1 })
        {
            for (var bit = 0; bit < damaged.Length * 8; bit++)
            {
                byte[] datagram = [.. _heartbeat, .. damaged, .. _position];
                datagram[_heartbeat.Length + (bit / 8)] ^= (byte)(1 << (bit % 8));

                var frames = Read(datagram);

                Assert.True(
                    frames.Count(frame => frame.Kind == MavlinkFrameKind.Packet) == 2
                        && frames[0] is { Kind: MavlinkFrameKind.Packet, Id: 0 }
                        && frames[^1] is { Kind: MavlinkFrameKind.Packet, Id: 33 },
                    $"bit {bit}: {string.Join(", ", frames)}");
            }
        }
    }

    [Fact]
    public void TryRead_CutAnywhere_GivesTheWholePacketsAndOneCut()
    {
        byte[] datagram = [.. _heartbeat, .. _signed, .. _version1];
        int[] ends = [0, _heartbeat.Length, _heartbeat.Length + _signed.Length, datagram.Length];
        for (var length = 0; length <= datagram.Length; length++)
        {
            var kinds = Read(datagram[..length]).Select(frame => frame.Kind).ToArray();

            var whole = ends.Count(end => end > 0 && end <= length);
            var isCut = !ends.Contains(length);
            Assert.Equal(
                [.. Enumerable.Repeat(MavlinkFrameKind.Packet, whole), .. isCut ? new[] { MavlinkFrameKind.Cut } : []], kinds);
        }
    }

    // A hostile datagram: all of it accounted for, nothing thrown, nothing allocated, and no packet whose checksum is wrong.
    [Fact]
    public void TryRead_SeededDamage_AccountsForEveryByte()
    {
        var random = new SeededTest(20_261_128).Random;
        byte[] sound = [.. _heartbeat, .. _position, .. _signed, .. _unknown, .. _version1, .. _heartbeat];
        var originals = Read(sound).Where(frame => frame.Kind == MavlinkFrameKind.Packet).Select(frame => frame.Text).ToHashSet();
        for (var round = 0; round < 20_000; round++)
        {
            var datagram = Mutator.Mutate(sound, random);

            var frames = Read(datagram);

            Assert.Equal(datagram.Length, frames.Sum(frame => frame.Length));
            Assert.All(
                frames.Where(frame => frame.Kind == MavlinkFrameKind.Packet), frame => Assert.Contains(frame.Text, originals));
        }
    }

    // The worst that a datagram can hold: a start of a packet everywhere. 65,507 bytes are the most that UDP carries.
    [Theory]
    [InlineData(new byte[] { 0xFD })]
    [InlineData(new byte[] { 0xFE })]
    [InlineData(new byte[] { 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0 })]
    [InlineData(new byte[] { 0xFD, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0 })]
    public void TryRead_StartsEverywhere_EndsAndAllocatesNothing(byte[] pattern)
    {
        var datagram = Enumerable.Range(0, 65_507).Select(index => pattern[index % pattern.Length]).ToArray();
        Count(datagram);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var bytes = Count(datagram);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(datagram.Length, bytes);
    }

    [Fact]
    public void TryRead_PacketOfNodeMavlink_IsRead()
    {
        var frame = Assert.Single(Read(Convert.FromHexString(HeartbeatOfNode)));

        Assert.Equal((MavlinkFrameKind.Packet, 0, 1), (frame.Kind, frame.Id, frame.Sequence));
    }

    private static int Count(byte[] datagram)
    {
        var reader = new MavlinkFrameReader(datagram);
        var bytes = 0;
        while (reader.TryRead(out var frame))
        {
            bytes += frame.Bytes.Length;
        }

        return bytes;
    }

    private static List<Seen> Read(byte[] datagram)
    {
        var seen = new List<Seen>();
        var reader = new MavlinkFrameReader(datagram);
        while (reader.TryRead(out var frame))
        {
            Assert.False(frame.Bytes.IsEmpty);
            var covered = frame.Bytes[..^(frame.IsSigned ? SignatureLength : 0)]; // By the checksum, and the checksum.
            seen.Add(new Seen(frame.Kind, frame.Bytes.Length, frame.MessageId, frame.Sequence, Convert.ToHexString(covered)));
        }

        return seen;
    }

    private sealed record Seen(MavlinkFrameKind Kind, int Length, int Id, int Sequence, string Text);
}
