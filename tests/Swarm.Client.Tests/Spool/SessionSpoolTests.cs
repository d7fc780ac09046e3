using System.Diagnostics;
using Swarm.Client.Spool;
using Swarm.Core.Sessions;
using Swarm.Testing;
using Xunit;

namespace Swarm.Client.Tests.Spool;

/// <summary>What a spool keeps, what it lets go of, and what it refuses.</summary>
public sealed class SessionSpoolTests(ITestOutputHelper output)
{
    private static readonly MemoryOptions Small = new()
    {
        SpoolBytes = 64 << 10,
        SpoolSyncInterval = TimeSpan.FromMilliseconds(20),
    };

    [Fact]
    public async Task Append_Full_RefusesTheStepNamesEverythingAndTakesItOnceThereIsRoom()
    {
        using var root = new TempDirectory();
        await using var session = new SpooledSession(root.Path, Small);
        var step = new int[500];
        SpoolFullException? full = null;
        while (full is null)
        {
            var length = session.History.Length;
            full = Record.Exception(() => session.Feed(step)) as SpoolFullException;
            Assert.Equal(full is null ? length + 500 : length, session.History.Length);
        }

        Assert.Contains(root.Path, full.Message, StringComparison.Ordinal);
        Assert.Contains($"{full.UsedBytes} of {Small.SpoolBytes} bytes", full.Message, StringComparison.Ordinal);
        Assert.Contains("SpoolBytes", full.Message, StringComparison.Ordinal);
        Assert.InRange(full.UsedBytes, 48 << 10, Small.SpoolBytes);
        Assert.True(BytesOf(root) <= Small.SpoolBytes, $"{BytesOf(root)} bytes");
        Assert.Equal(session.History.Length, SpoolReader.Read(session.Directory).EndPosition);

        session.Acknowledge(session.History.Length);
        session.Feed(step);
        Assert.Equal(session.History.Length, SpoolReader.Read(session.Directory).EndPosition);
    }

    [Fact]
    public async Task Reserve_StateInBetween_DoesNotTakeTheRoom()
    {
        using var root = new TempDirectory();
        await using var session = new SpooledSession(root.Path, Small);
        session.Spool.Reserve(40_000);

        Assert.Throws<SpoolFullException>(() => session.SetState("s", new byte[30_000]));
        session.Spool.AppendStep(new int[9_000], []);
        session.Spool.EndReservation();

        Assert.Equal(9_000, SpoolReader.Read(session.Directory).EndPosition);
    }

    [Fact]
    public async Task Tick_EverythingDurable_LeavesAHeaderAlone()
    {
        using var root = new TempDirectory();
        await using var session = new SpooledSession(root.Path, Small);
        var empty = session.Spool.UsedBytes;
        for (var step = 0; step < 20; step++)
        {
            session.Feed(new int[500]);
        }

        session.SetState("s", 1, 2, 3);
        var filled = session.Spool.UsedBytes;
        session.State.Note(session.State.Epoch, new Watermarks(session.History.Length, 0));
        await Poll.UntilAsync(() => session.Spool.UsedBytes < filled / 2, Token);
        Assert.Single(SpoolReader.Read(session.Directory).States); // Its segment stays: the state is not durable.
        session.Acknowledge(session.History.Length);
        await Poll.UntilAsync(() => session.Spool.UsedBytes == empty, Token);

        var content = SpoolReader.Read(session.Directory);
        Assert.Equal((10_000, 10_000), (content.FirstPosition, content.EndPosition));
        Assert.Equal(SpooledSession.Secret.Hash, content.Header!.Secret.Hash);
    }

    [Fact]
    public async Task Rewind_UnderWayAndDone_IsWhatTheNextProcessFinds()
    {
        using var root = new TempDirectory();
        await using var session = new SpooledSession(root.Path);
        session.Feed([1, 2, 3]);
        session.SetState("kept", 1);
        session.Feed([4, 5, 6]);
        session.SetState("gone", 2);
        var secret = SessionSecret.Create();
        session.Spool.BeginRewind(3, secret);
        var during = SpoolReader.Read(session.Directory);

        session.Spool.EndRewind(new Epoch(4), secret, 3);
        session.History.Truncate(3);
        session.States.Truncate(3);
        session.Feed([7]);
        var after = SpoolReader.Read(session.Directory);

        Assert.Equal((3L, 6L), (during.Header!.RewindLength, during.EndPosition));
        Assert.Equal((secret.Hash, new Epoch(3)), (during.Header.RewindSecret!.Hash, during.Header.Epoch));
        Assert.Equal((secret.Hash, new Epoch(4)), (after.Header!.Secret.Hash, after.Header.Epoch));
        Assert.False(after.Header.IsRewinding);
        Assert.Equal([7], after.From(3).Tokens.ToArray());
        Assert.Equal(["kept"], after.States.Select(state => state.Name));
        Assert.Null(after.Fault);
    }

    [Fact]
    public async Task Open_InUse_NamesTheProcessAndIsFreeAfterwards()
    {
        using var root = new TempDirectory();
        var first = new SpooledSession(root.Path);
        await using (first)
        {
            var exception = Assert.Throws<SpoolException>(() => new SpooledSession(root.Path, epoch: 4));
            Assert.Contains($"in use by process {Environment.ProcessId}", exception.Message, StringComparison.Ordinal);
            Assert.Contains(root.Path, exception.Message, StringComparison.Ordinal);
        }

        await using var second = new SpooledSession(root.Path, epoch: 4);
        Assert.NotEqual(first.Directory, second.Directory);
    }

    [Fact]
    public async Task Files_WithTheSecret_AreTheirOwnersAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // Files have no mode there.
        }

        using var root = new TempDirectory();
        await using var session = new SpooledSession(root.Path);
        session.Feed([1]);

        foreach (var file in Directory.EnumerateFiles(root.Path, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(session.Directory));
    }

    [Fact]
    public async Task Append_WhileSegmentsComeAndGo_StaysWhole()
    {
        var test = new SeededTest();
        using var root = new TempDirectory();
        var options = new MemoryOptions { SpoolSyncInterval = TimeSpan.FromMilliseconds(1) };
        await using var session = new SpooledSession(root.Path, options);
        var empty = session.Spool.UsedBytes;
        using var ended = new CancellationTokenSource();
        var setting = Task.Run(() =>
        {
            while (!ended.IsCancellationRequested)
            {
                session.SetState("own", 1, 2, 3);
                Thread.Yield();
            }
        }, Token);
        for (var step = 0; step < 20_000; step++)
        {
            session.Feed(
                [.. Enumerable.Range(step, test.Random.Next(1, 20))], new NamedState("with", session.History.Length, default));
            if (step % 50 == 0)
            {
                session.Acknowledge(session.History.Length - test.Random.Next(10));
            }

            if (step % 4000 == 3999)
            {
                CheckContent(session, test);
            }
        }

        await ended.CancelAsync();
        await setting;
        CheckContent(session, test);
        session.Acknowledge(session.History.Length);
        await Poll.UntilAsync(() => session.Spool.UsedBytes == empty, Token);
    }

    [Theory]
    [InlineData(500, 20_000)]
    [InlineData(5, 20_000)]
    [InlineData(0, 500)]
    public async Task Append_ManySteps_PrintsItsCost(int syncMs, int steps)
    {
        using var root = new TempDirectory();
        var options = new MemoryOptions { SpoolSyncInterval = TimeSpan.FromMilliseconds(syncMs) };
        await using var session = new SpooledSession(root.Path, options);
        var took = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            var started = Stopwatch.GetTimestamp();
            session.Feed([step]);
            took[step] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        Array.Sort(took);
        output.WriteLine(
            $"synced every {syncMs} ms: a step of 1 token takes {took[steps / 2]:0.0} us, p99 {took[steps * 99 / 100]:0.0} us, "
            + $"longest {took[^1]:0} us; {session.Spool.UsedBytes} bytes for {steps} steps");
        Assert.Equal(steps, SpoolReader.Read(session.Directory).EndPosition);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What another process would find now, of files that come and go.</summary>
    private static void CheckContent(SpooledSession session, SeededTest test)
    {
        SpoolContent? content = null;
        while (content?.Header is null)
        {
            try
            {
                content = SpoolReader.Read(session.Directory);
            }
            catch (FileNotFoundException)
            {
                // Durable, and removed, since the folder was listed.
            }
        }

        var run = content.From(content.FirstPosition);
        Assert.True(
            session.Tokens.Skip((int)content.FirstPosition).Take(run.Tokens.Length).SequenceEqual(run.Tokens.ToArray()),
            $"seed {test.Seed}");
        Assert.Equal(session.History.HashAt((int)content.FirstPosition), content.PrefixHash);
        Assert.Equal(session.Tokens.Count, content.EndPosition);
    }

    private static long BytesOf(TempDirectory root) => SpoolFolder.BytesOf(root.Path);
}
