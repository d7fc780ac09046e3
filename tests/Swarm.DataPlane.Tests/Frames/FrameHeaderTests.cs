using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Frames;
using Xunit;

namespace Swarm.DataPlane.Tests.Frames;

/// <summary>The fixed head of a frame, and the sizes of buffers.</summary>
public sealed class FrameHeaderTests
{
    // Pins the bytes on the wire: if this fails, old clients cannot talk to new silos. Raise the version instead.
    [Fact]
    public void Write_GoldenHeader_IsStable()
    {
        var bytes = new byte[FrameHeader.SizeBytes];
        new FrameHeader(FrameType.AppendInputs, 7, 9, 300, 300, 0x0123456789abcdef).Write(bytes);

        Assert.Equal(
            "535744010700000007000000090000002c0100002c010000efcdab8967452301",
            Convert.ToHexStringLower(bytes.AsSpan(0, 32)));
        Assert.Equal(FrameType.AppendInputs, FrameHeader.Read(bytes).Type);
    }

    [Fact]
    public void Read_AnyBitFlipped_IsRefused()
    {
        var bytes = new byte[FrameHeader.SizeBytes];
        new FrameHeader(FrameType.Ping, 7, 9, 0, 0, 1).Write(bytes);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<ProtocolException>(() => FrameHeader.Read(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Round_AnyLength_WastesAtMostAnEighth()
    {
        for (var length = 2048; length < 1 << 22; length += 997)
        {
            Assert.InRange(BufferPool.Round(length), length, length + (length / 8));
        }
    }

    [Fact]
    public void Dispose_Twice_ReturnsOnce()
    {
        var pool = new BufferPool(1 << 20);
        var first = pool.Rent(5000);
        first.Dispose();
        first.Dispose();

        using var second = pool.Rent(5000);
        using var third = pool.Rent(5000);

        Assert.Equal(2, pool.RentedCount);
        Assert.False(second.Memory.Equals(third.Memory));
        Assert.Throws<ObjectDisposedException>(() => first.Memory);
    }
}
