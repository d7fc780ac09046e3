using Swarm.Format.Objects;
using Xunit;

namespace Swarm.Format.Tests.Golden;

/// <summary>
/// The bytes of version 1, pinned. If one of these fails, stores that exist can no longer be read: restore the bytes,
/// or bring in a new version beside the old one. SWARM_WRITE_GOLDEN=1 writes files that are not there yet.
/// </summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Names => [.. GoldenObject.All.Select(golden => golden.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_FixedValue_GivesThePinnedBytes(string name)
    {
        var golden = Find(name);
        if (Environment.GetEnvironmentVariable("SWARM_WRITE_GOLDEN") == "1" && !File.Exists(golden.FilePath))
        {
            File.WriteAllBytes(golden.FilePath, golden.Encode());
        }

        Assert.Equal(Convert.ToHexString(File.ReadAllBytes(golden.FilePath)), Convert.ToHexString(golden.Encode()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_PinnedBytes_GivesTheValueBack(string name)
    {
        var golden = Find(name);

        Assert.Equal(golden.Expected(), golden.Decode(File.ReadAllBytes(golden.FilePath)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_AnyBitFlipped_IsDetected(string name)
    {
        var golden = Find(name);
        var content = File.ReadAllBytes(golden.FilePath);
        for (var bit = 0; bit < content.Length * 8; bit++)
        {
            content[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<CorruptObjectException>(() => golden.Decode(content));
            content[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_CutAnywhereOrExtended_IsDetected(string name)
    {
        var golden = Find(name);
        var content = File.ReadAllBytes(golden.FilePath);
        for (var length = 0; length < content.Length; length++)
        {
            Assert.Throws<CorruptObjectException>(() => golden.Decode(content[..length]));
        }

        Assert.Throws<CorruptObjectException>(() => golden.Decode([.. content, 0]));
    }

    private static GoldenObject Find(string name) => GoldenObject.All.Single(golden => golden.Name == name);
}
