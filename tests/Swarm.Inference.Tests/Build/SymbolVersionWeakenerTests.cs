using System.Text;
using Swarm.Inference.Build;
using Xunit;

namespace Swarm.Inference.Tests.Build;

/// <summary>The build's ELF patcher, on a made-up library with a table of needed symbol versions.</summary>
public sealed class SymbolVersionWeakenerTests
{
    private const int FlagsOfFirst = 64 + 16 + 4;
    private const int FlagsOfSecond = FlagsOfFirst + 16;

    [Fact]
    public void Weaken_RequiredVersion_SetsItsFlagAlone()
    {
        var image = Library();
        var before = (byte[])image.Clone();

        Assert.Equal(1, SymbolVersionWeakener.Weaken(image, "GLIBCXX_3.4.32"));

        Assert.Equal(2, image[FlagsOfSecond]);
        before[FlagsOfSecond] = 2;
        Assert.Equal(before, image);
    }

    [Fact]
    public void Weaken_WeakAlreadyOrNotRequired_ChangesNothing()
    {
        var image = Library();
        SymbolVersionWeakener.Weaken(image, "GLIBCXX_3.4.32");

        Assert.Equal(0, SymbolVersionWeakener.Weaken(image, "GLIBCXX_3.4.32"));
        Assert.Equal(0, SymbolVersionWeakener.Weaken(image, "GLIBCXX_3.4"));
    }

    [Fact]
    public void Weaken_NotALibrary_Throws()
    {
        Assert.Throws<InvalidDataException>(() => SymbolVersionWeakener.Weaken([], "X"));
        Assert.Throws<InvalidDataException>(() => SymbolVersionWeakener.Weaken(new byte[100], "X"));
        var image = Library();
        image[4] = 1; // 32 bits.
        Assert.Throws<InvalidDataException>(() => SymbolVersionWeakener.Weaken(image, "X"));
    }

    [Fact]
    public void Weaken_CutOrChangedLibrary_ThrowsInvalidDataOrEnds()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        for (var round = 0; round < 5000; round++)
        {
            var image = Library();
            image = image[..random.Next(64, image.Length + 1)];
            for (var change = random.Next(3); change >= 0; change--)
            {
                image[random.Next(4, image.Length)] = (byte)random.Next(256);
            }

            try
            {
                SymbolVersionWeakener.Weaken(image, "GLIBCXX_3.4.32");
            }
            catch (InvalidDataException)
            {
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, round {round}: {error}");
            }
        }
    }

    /// <summary>Header, one Verneed with two Vernaux, their names, two section headers.</summary>
    private static byte[] Library()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        var names = Encoding.ASCII.GetBytes("\0libstdc++.so.6\0GLIBCXX_3.4.30\0GLIBCXX_3.4.32\0");
        const int Needs = 64;
        const int Names = Needs + 48;
        var sections = Names + names.Length;

        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0]);
        writer.Write(new byte[32]);
        writer.Write((long)sections); // e_shoff, at 40.
        writer.Write(new byte[10]);
        writer.Write((ushort)64); // e_shentsize, at 58.
        writer.Write((ushort)2); // e_shnum.
        writer.Write((ushort)0);

        writer.Write((ushort)1); // Verneed: version, count, file, first entry, next.
        writer.Write((ushort)2);
        writer.Write(1);
        writer.Write(16);
        writer.Write(0);
        Entry(16, 16);
        Entry(31, 0);
        writer.Write(names);

        Section(0x6ffffffe, Needs, 48, 1);
        Section(3, Names, names.Length, 0);
        return stream.ToArray();

        void Entry(int name, int next)
        {
            writer.Write(0);
            writer.Write((ushort)0);
            writer.Write((ushort)2);
            writer.Write(name);
            writer.Write(next);
        }

        void Section(int type, long offset, long size, int link)
        {
            writer.Write(0);
            writer.Write(type);
            writer.Write(0L);
            writer.Write(0L);
            writer.Write(offset);
            writer.Write(size);
            writer.Write(link);
            writer.Write(0);
            writer.Write(0L);
            writer.Write(0L);
        }
    }
}
