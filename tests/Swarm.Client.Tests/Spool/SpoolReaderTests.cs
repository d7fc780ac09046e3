using Swarm.Client.Spool;
using Swarm.Testing;
using Xunit;

namespace Swarm.Client.Tests.Spool;

/// <summary>What is read from a spool that a crash cut or a disk damaged: a right prefix, or a named fault; no wrong token.</summary>
public sealed class SpoolReaderTests
{
    [Fact]
    public async Task Read_AllFilesWhole_GivesEverything()
    {
        using var root = new TempDirectory();
        await using var session = Fill(root, new SeededTest(1));

        var content = SpoolReader.Read(session.Directory);

        Assert.Null(content.Fault);
        Assert.Equal(session.Tokens, content.From(0).Tokens.ToArray());
        Assert.Equal(session.History.Slice(0, int.MaxValue).Steps.ToArray(), content.From(0).Steps.ToArray());
        Assert.Equal(SpooledSession.Secret.Hash, content.Header!.Secret.Hash);
        Assert.Equal(
            session.States.Snapshot().Values.OrderBy(state => state.Name).Select(Show),
            content.States.OrderBy(state => state.Name).Select(Show));
        Assert.True(content.Segments.Count > 2, $"{content.Segments.Count} segments");
    }

    [Fact]
    public async Task Read_CutAtEveryByte_GivesTheRightPrefix()
    {
        using var root = new TempDirectory();
        using var copy = new TempDirectory();
        await using var session = Fill(root, new SeededTest(2));
        var files = session.Files();
        var last = files.Keys.Max(StringComparer.Ordinal)!;
        foreach (var (name, bytes) in files)
        {
            for (var length = 0; length < bytes.Length; length++)
            {
                var content = ReadChanged(copy, files, name, bytes[..length]);

                CheckPrefix(session, content, $"{name} cut at {length}");
                Assert.True(
                    name == last ? content.Fault is null : content.Fault?.Contains(".spool'", StringComparison.Ordinal) == true,
                    $"{name} cut at {length}: {content.Fault}");
            }
        }
    }

    [Fact]
    public async Task Read_EveryBitFlipped_NamesTheFileAndGivesTheRightPrefix()
    {
        using var root = new TempDirectory();
        using var copy = new TempDirectory();
        await using var session = Fill(root, new SeededTest(3), steps: 12, stateBytes: 24);
        var files = session.Files();
        foreach (var (name, bytes) in files)
        {
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                var changed = bytes.ToArray();
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                var content = ReadChanged(copy, files, name, changed);

                CheckPrefix(session, content, $"{name} bit {bit}");
                Assert.True(content.Fault?.Contains(name, StringComparison.Ordinal) == true, $"{name} bit {bit}: {content.Fault}");
            }
        }
    }

    [Fact]
    public async Task Read_RandomDamage_NeverGivesAWrongToken()
    {
        var test = new SeededTest();
        using var root = new TempDirectory();
        using var copy = new TempDirectory();
        await using var session = Fill(root, test);
        var files = session.Files();
        for (var round = 0; round < 1000; round++)
        {
            var changed = files.ToDictionary();
            var what = "";
            for (var count = test.Random.Next(1, 4); count > 0; count--)
            {
                var name = files.Keys.ElementAt(test.Random.Next(files.Count));
                var bytes = changed.GetValueOrDefault(name, []);
                var kind = test.Random.Next(6);
                what += $" {name}:{kind}";
                changed[name] = Damage(test, kind, bytes, [.. changed.Values]);
                if (kind == 5)
                {
                    changed.Remove(name);
                }
            }

            CheckPrefix(session, Read(copy, changed), $"seed {test.Seed}, round {round}:{what}");
        }
    }

    [Fact]
    public async Task Read_ZerosBehindTheEnd_AreATornTail()
    {
        using var root = new TempDirectory();
        await using var session = Fill(root, new SeededTest(4));
        var last = SpoolSegmentFile.List(session.Directory)[^1].Path;
        await File.AppendAllBytesAsync(last, new byte[5000], TestContext.Current.CancellationToken);

        var content = SpoolReader.Read(session.Directory);
        SpoolRepair.Repair(content, setsAllAside: false);

        Assert.Null(content.Fault);
        Assert.Equal(session.Tokens, content.From(0).Tokens.ToArray());
        Assert.Equal(content.Segments[^1].Bytes, new FileInfo(last).Length);
    }

    [Fact]
    public async Task Repair_DamageInTheMiddle_KeepsTheFilesAsideAndGoesOnFromThePrefix()
    {
        using var root = new TempDirectory();
        await using var session = Fill(root, new SeededTest(5));
        var path = SpoolSegmentFile.List(session.Directory)[1].Path;
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        var content = SpoolReader.Read(session.Directory);
        Assert.Contains(path, content.Fault, StringComparison.Ordinal);

        SpoolRepair.Repair(content, setsAllAside: false);
        var again = SpoolReader.Read(session.Directory);

        Assert.Null(again.Fault);
        Assert.Equal(content.From(0).Tokens.ToArray(), again.From(0).Tokens.ToArray());
        Assert.True(again.EndPosition > 0, "the first segment was sound");
        Assert.Equal(bytes, await File.ReadAllBytesAsync(
            path + SpoolSegmentFile.DamagedExtension, TestContext.Current.CancellationToken));
    }

    /// <summary>A spool of three segments.</summary>
    private static SpooledSession Fill(TempDirectory root, SeededTest test, int steps = 60, int stateBytes = 300)
    {
        var session = new SpooledSession(root.Path);
        for (var step = 0; step < steps; step++)
        {
            var tokens = Enumerable.Range(0, test.Random.Next(1, 12)).Select(_ => test.Random.Next()).ToArray();
            session.Feed(
                tokens,
                [.. Enumerable.Range(0, test.Random.Next(3)).Select(name => new NamedState(
                    $"s{name}", session.History.Length + tokens.Length, test.Bytes(test.Random.Next(stateBytes))))]);
            if (step % 7 == 3)
            {
                session.SetState("own", test.Bytes(test.Random.Next(stateBytes)));
            }

            if (step == steps / 2 || step == steps * 3 / 4)
            {
                session.Spool.BeginSegment();
            }
        }

        return session;
    }

    private static byte[] Damage(SeededTest test, int kind, byte[] bytes, byte[][] all)
    {
        var changed = bytes.ToArray();
        var at = changed.Length == 0 ? 0 : test.Random.Next(changed.Length);
        switch (kind)
        {
            case 0 when changed.Length > 0:
                changed[at] ^= (byte)test.Random.Next(1, 256);
                return changed;
            case 1:
                return changed[..at];
            case 2:
                changed.AsSpan(at, test.Random.Next(changed.Length - at + 1)).Clear();
                return changed;
            case 3:
                return [.. changed[..at], .. test.Bytes(test.Random.Next(64)), .. changed[at..]];
            default:
                return all.Length == 0 ? changed : all[test.Random.Next(all.Length)];
        }
    }

    private static SpoolContent ReadChanged(
        TempDirectory copy, IReadOnlyDictionary<string, byte[]> files, string name, byte[] changed) =>
        Read(copy, files.ToDictionary(file => file.Key, file => file.Key == name ? changed : file.Value));

    private static SpoolContent Read(TempDirectory copy, Dictionary<string, byte[]> files)
    {
        foreach (var file in Directory.EnumerateFiles(copy.Path).Where(file => !files.ContainsKey(Path.GetFileName(file))))
        {
            File.Delete(file);
        }

        foreach (var (name, bytes) in files)
        {
            if (!File.Exists(copy.Combine(name)) || !File.ReadAllBytes(copy.Combine(name)).AsSpan().SequenceEqual(bytes))
            {
                File.WriteAllBytes(copy.Combine(name), bytes);
            }
        }

        return SpoolReader.Read(copy.Path);
    }

    private static void CheckPrefix(SpooledSession truth, SpoolContent content, string what)
    {
        if (content.Header is null)
        {
            return;
        }

        Assert.Equal(SpooledSession.Secret.Hash, content.Header.Secret.Hash);
        var run = content.From(content.FirstPosition);
        Assert.True(
            truth.Tokens.Skip((int)content.FirstPosition).Take(run.Tokens.Length).SequenceEqual(run.Tokens.ToArray()), what);
        Assert.Equal(truth.History.HashAt((int)content.FirstPosition), content.PrefixHash);
        Assert.True(content.EndPosition <= truth.Tokens.Count, what);
    }

    private static string Show(NamedState state) =>
        $"{state.Name} {state.Position} {Convert.ToHexString(state.Content.Span)}";
}
