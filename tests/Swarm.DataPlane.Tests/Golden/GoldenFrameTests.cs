using Swarm.DataPlane.Frames;
using Swarm.Format.Objects;
using Xunit;

namespace Swarm.DataPlane.Tests.Golden;

/// <summary>
/// The bytes of version 2 on the wire, pinned. If one of these fails, agents and silos of two builds can no longer talk:
/// restore the bytes, or raise the version. SWARM_WRITE_GOLDEN=1 writes files that are not there yet.
/// </summary>
public sealed class GoldenFrameTests
{
    public static TheoryData<string> Names => [.. GoldenFrame.All.Select(golden => golden.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Send_FixedValue_GivesThePinnedBytes(string name)
    {
        var golden = Find(name);
        if (Environment.GetEnvironmentVariable("SWARM_WRITE_GOLDEN") == "1" && !File.Exists(golden.FilePath))
        {
            await File.WriteAllBytesAsync(golden.FilePath, await golden.EncodeAsync(), TestContext.Current.CancellationToken);
        }

        Assert.Equal(Convert.ToHexString(Read(golden)), Convert.ToHexString(await golden.EncodeAsync()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Receive_PinnedBytes_GivesTheValueBack(string name)
    {
        var golden = Find(name);

        Assert.Equal(golden.Expected, await golden.DecodeAsync(Read(golden)));
    }

    // A frame covers its header and the head of its body; a KV payload covers itself.
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Receive_AnyBitFlipped_IsDetected(string name)
    {
        var golden = Find(name);
        var content = Read(golden);
        var headEnd = GoldenFrame.HeadEnd(content);
        for (var bit = 0; bit < content.Length * 8; bit++)
        {
            content[bit / 8] ^= (byte)(1 << (bit % 8));
            var error = await Record.ExceptionAsync(() => golden.DecodeAsync(content));
            Assert.Equal(bit / 8 < headEnd ? typeof(ProtocolException) : typeof(CorruptObjectException), error?.GetType());
            content[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Receive_CutAnywhere_EndsTheStream(string name)
    {
        var golden = Find(name);
        var content = Read(golden);
        for (var length = 1; length < content.Length; length++)
        {
            await Assert.ThrowsAsync<EndOfStreamException>(() => golden.DecodeAsync(content[..length]));
        }

        Assert.Equal("nothing", await golden.DecodeAsync([]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Receive_BytesBehindIt_AreLeftForTheNextFrame(string name)
    {
        var golden = Find(name);

        Assert.Equal($"{golden.Expected} and 1 bytes of the next frame", await golden.DecodeAsync([.. Read(golden), 0]));
    }

    [Fact]
    public void All_EveryFrameType_HasAGoldenFile()
    {
        var pinned = GoldenFrame.All.Where(golden => File.Exists(golden.FilePath)).Select(golden => golden.Type).ToHashSet();

        Assert.DoesNotContain(Enum.GetValues<FrameType>(), type => !pinned.Contains(type));
        Assert.Equal(
            GoldenFrame.All.Select(golden => golden.Name).Order(StringComparer.Ordinal),
            Directory.GetFiles(Path.GetDirectoryName(GoldenFrame.All[0].FilePath)!)
                .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));
    }

    private static byte[] Read(GoldenFrame golden) => File.ReadAllBytes(golden.FilePath);

    private static GoldenFrame Find(string name) => GoldenFrame.All.Single(golden => golden.Name == name);
}
