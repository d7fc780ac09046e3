using Swarm.Client.Spool;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Testing;
using Xunit;

namespace Swarm.Client.Tests.Spool;

/// <summary>The bytes on disk, pinned: agents that were updated in mid-flight must read what they left.</summary>
public sealed class SpoolFormatTests
{
    private const ulong Sequence = 7;

    private static string Golden => Path.Combine(Root(), "tests", "Swarm.Client.Tests", "Spool", "Golden", "v1.spool");

    [Fact]
    public void Write_GoldenSegment_IsStable()
    {
        if (!File.Exists(Golden))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Golden)!);
            File.WriteAllBytes(Golden, Encode());
            Assert.Fail($"{Golden} was missing and has been written: look at it, and add it.");
        }

        Assert.Equal(Convert.ToHexString(File.ReadAllBytes(Golden)), Convert.ToHexString(Encode()));
    }

    [Fact]
    public void Read_GoldenSegment_GivesWhatWasWritten()
    {
        using var folder = new TempDirectory();
        File.Copy(Golden, folder.Combine(SpoolSegmentFile.NameOf(Sequence)));

        var content = SpoolReader.Read(folder.Path);

        Assert.Null(content.Fault);
        var secret = Secret(1);
        NamedState[] none = [];
        Assert.Equal(
            Header() with { Secret = secret, RewindSecret = null, States = none },
            content.Header! with { Secret = secret, RewindSecret = null, States = none });
        Assert.Equal((Secret(1).Hash, Secret(2).Hash), (content.Header.Secret.Hash, content.Header.RewindSecret!.Hash));
        Assert.Equal([5, -1, int.MaxValue], content.From(1000).Tokens.ToArray());
        Assert.Equal([2, 1], content.From(1000).Steps.ToArray());
        Assert.Equal(["carried", "own", "with"], content.States.Select(state => state.Name).Order());
    }

    [Fact]
    public void Read_NewerVersion_SaysSo()
    {
        using var folder = new TempDirectory();
        var bytes = File.ReadAllBytes(Golden);
        bytes[4] = 2;
        System.IO.Hashing.XxHash3.Hash(bytes.AsSpan(0, 16), bytes.AsSpan(16, 8));
        bytes.AsSpan(16, 8).Reverse();
        File.WriteAllBytes(folder.Combine(SpoolSegmentFile.NameOf(Sequence)), bytes);

        Assert.Contains("newer build (version 2", SpoolReader.Read(folder.Path).Fault, StringComparison.Ordinal);
    }

    private static byte[] Encode()
    {
        var buffer = new SpoolBuffer();
        return
        [
            .. buffer.SegmentStart(Header(), Sequence).Span,
            .. buffer.Step(1000, [5, -1], [State("with", 1002)], Sequence, 1).Span,
            .. buffer.State(State("own", 1002), Sequence, 2).Span,
            .. buffer.Step(1002, [int.MaxValue], [], Sequence, 3).Span,
        ];
    }

    private static SpoolHeader Header() => new(
        "default",
        "drone-a",
        "track/vehicle-17",
        new ModelFingerprint(Digest256.Sha256("model"u8)),
        new Epoch(9),
        Secret(1),
        true,
        0,
        1000,
        new BlockHash(Digest256.Sha256("prefix"u8)),
        900,
        Secret(2),
        [State("carried", 999)]);

    private static NamedState State(string name, long position) => new(name, position, new byte[] { 1, 2, 3 });

    private static SessionSecret Secret(byte value) => new([.. Enumerable.Repeat(value, SessionSecret.SizeBytes)]);

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Swarm.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
