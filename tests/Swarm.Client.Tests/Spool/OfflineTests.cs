using Swarm.Client.Spool;
using Swarm.Client.Tests.Agent;
using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests.Spool;

/// <summary>An agent whose silo is out of reach: it goes on, catches up, and nothing that it was fed is lost.</summary>
public sealed class OfflineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Feed_SiloOutOfReach_GoesOnBehindTheOldBoundAndCatchesUpInOrder()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var twin = new Twin();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token);
        await FeedAsync(a, steps: 20);
        await a.FlushAsync(Token);
        proxy.Stop();

        await FeedAsync(a, steps: 2000); // MaxUndurableTokens is 100.
        Assert.True(a.Length - a.Durable.Tokens > 5000, $"{a.Durable.Tokens} of {a.Length} are durable");
        Assert.Equal(twin.FeedUntil(a.Length), a.Logits.ToArray());
        var offline = a.SpoolBytes;
        proxy.Mend();
        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);

        await Poll.UntilAsync(() => a.SpoolBytes < 2000, Token);
        Assert.True(offline > 2000 * 40, $"{offline} bytes while the silo was away");
        await a.ReleaseAsync("", Token);
        Assert.Empty(Directory.EnumerateDirectories(Assert.Single(Directory.EnumerateDirectories(root.Path))));
        await using var b = await swarm.Agent("drone-b").OpenAsync("track/1", Runtime(), null, Token);
        Assert.Equal(0, b.Rehydration.Recomputed);
        Assert.Equal(twin.FeedUntil(b.Length), (await b.ComputeLogitsAsync(Token)).ToArray());
        Assert.Equal(BitConverter.GetBytes(2019), b.States["step"].Content.ToArray());
    }

    [Fact]
    public async Task Feed_SpoolFull_RefusesBeforeAnythingIsComputedAndGoesOnLater()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var runtime = Runtime();
        var options = Options(root);
        options.SpoolBytes = 64 << 10;
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", runtime, options, Token);
        proxy.Stop();

        SpoolFullException? full = null;
        while (full is null)
        {
            full = await Record.ExceptionAsync(() => FeedAsync(a, steps: 1)) as SpoolFullException;
            Assert.Equal(a.Length, runtime.ComputedPositions);
        }

        await Assert.ThrowsAsync<SpoolFullException>(async () => await a.GenerateAsync(5000, null, Token));
        Assert.Equal(a.Length, runtime.ComputedPositions);
        proxy.Mend();
        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
        await FeedAsync(a, steps: 10);

        Assert.Equal(new Twin().FeedUntil(a.Length), a.Logits.ToArray());
        Assert.Contains(root.Path, full.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AfterSigkillWhileOffline_GoesOnWithTheSameSessionAndReplays()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync();
        long durable;
        long length;
        using (var agent = await AgentProcess.StartAsync(silo, proxy.Endpoint, root.Path))
        {
            await agent.FeedAsync(50);
            durable = await DurableAsync(swarm, atLeast: 1);
            proxy.Stop();
            length = Length(await agent.FeedAsync(500));
            var inUse = await Assert.ThrowsAsync<SpoolException>(
                () => swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token));
            Assert.Contains($"in use by process {agent.Id}", inUse.Message, StringComparison.Ordinal);
            await agent.KillAsync();
        }

        var epoch = (await swarm.GetStatusAsync("track/1", Token)).Epoch;
        var runtime = Runtime();
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", runtime, Options(root), Token);

        Assert.Equal((length, epoch), (a.Length, a.Epoch));
        Assert.Null(a.Recovery!.Fault);
        Assert.True(a.Recovery.FirstPosition >= durable && a.Recovery.Positions > 1000, $"{a.Recovery}");
        Assert.Equal(length, a.Recovery.FirstPosition + a.Recovery.Positions);
        Assert.Equal(new Twin().FeedUntil(length), (await a.ComputeLogitsAsync(Token)).ToArray());
        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
        await FeedAsync(a, steps: 5);
        await a.ReleaseAsync("", Token);
        await using var b = await swarm.Agent("drone-b").OpenAsync("track/1", Runtime(), null, Token);
        Assert.Equal(new Twin().FeedUntil(b.Length), (await b.ComputeLogitsAsync(Token)).ToArray());
        Assert.True(BitConverter.ToInt64(b.States["last"].Content.Span) < length, "the killed agent's last state");
    }

    [Fact]
    public async Task Open_KilledAgainAndAgainInMidStep_LosesNothing()
    {
        var test = new SeededTest();
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync();
        var atLeast = 0L;
        for (var round = 0; round < 4; round++)
        {
            using var agent = await AgentProcess.StartAsync(silo, proxy.Endpoint, root.Path);
            Assert.True(agent.OpenLength >= atLeast, $"seed {test.Seed}, round {round}: {agent.OpenLength} of {atLeast}");
            atLeast = Length(await agent.FeedAsync(test.Random.Next(1, 200)));
            if (test.Random.Next(2) == 0)
            {
                proxy.Stop();
                atLeast = Length(await agent.FeedAsync(test.Random.Next(1, 200)));
            }

            await agent.StartFeedingAsync(1000);
            await Task.Delay(test.Random.Next(20), Token); // Anywhere in what follows: that is the test.
            await agent.KillAsync();
            proxy.Mend();
        }

        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token);
        Assert.True(a.Length >= atLeast, $"seed {test.Seed}: {a.Length} of {atLeast}");
        Assert.Null(a.Recovery!.Fault);
        Assert.Equal(new Twin().FeedUntil(a.Length), (await a.ComputeLogitsAsync(Token)).ToArray());
        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal((a.Length, a.Length), (a.Durable.Tokens, a.Durable.Kv));
    }

    [Fact]
    public async Task Open_SpoolDamaged_GoesOnFromTheRightPrefixAndSaysSo()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync();
        long length;
        using (var agent = await AgentProcess.StartAsync(silo, proxy.Endpoint, root.Path))
        {
            proxy.Stop();
            length = Length(await agent.FeedAsync(300));
            await agent.KillAsync();
        }

        var path = Directory.EnumerateFiles(Session(root), "*.spool").Order(StringComparer.Ordinal).First(); // On a busy machine a tick has begun another.
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[bytes.Length / 2] ^= 16;
        await File.WriteAllBytesAsync(path, bytes, Token);
        proxy.Mend();

        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token);

        Assert.Contains($"'{path}': at byte ", a.Recovery!.Fault, StringComparison.Ordinal);
        Assert.InRange(a.Length, length / 4, length * 3 / 4);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path + SpoolSegmentFile.DamagedExtension, Token));
        await FeedAsync(a, steps: 20);
        await a.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(new Twin().FeedUntil(a.Length), a.Logits.ToArray());
        Assert.Null(SpoolReader.Read(Session(root)).Fault);
    }

    [Fact]
    public async Task Open_AgainAfterDispose_GoesOnInTheSameEpoch()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        ulong epoch;
        await using (var first = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token))
        {
            await FeedAsync(first, steps: 9);
            epoch = first.Epoch.Value;
        }

        await using var second = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token);

        Assert.Equal((epoch, 0L), (second.Epoch.Value, second.Recovery!.Positions));
        Assert.Equal(new Twin().FeedUntil(second.Length), (await second.ComputeLogitsAsync(Token)).ToArray());
    }

    [Fact]
    public async Task Open_AfterSigkillAndFence_OffersWhatWasLeftOver()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync();
        long length;
        using (var agent = await AgentProcess.StartAsync(silo, proxy.Endpoint, root.Path))
        {
            await agent.FeedAsync(50);
            await DurableAsync(swarm, atLeast: 1);
            proxy.Stop();
            length = Length(await agent.FeedAsync(300));
            await agent.KillAsync();
        }

        var epoch = (await swarm.GetStatusAsync("track/1", Token)).Epoch;
        await using var b = await swarm.Agent("drone-b").TakeOverAsync("track/1", Runtime(), TakeOver.Now, null, Token);
        var forked = b.Length;
        await b.FeedAsync(new int[] { 96, 95, 94 }, Token);
        await b.FlushAsync(Token);

        await Assert.ThrowsAsync<ContextOwnedException>(
            () => swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token));
        var left = Assert.Single(await swarm.Agent("drone-a").RecoverSpoolAsync("track/1", root.Path, Token));
        Assert.Equal((forked, epoch, true), (left.FirstPosition, left.Epoch, left.FollowsContext));
        Assert.Equal(length, left.FirstPosition + left.Inputs.Tokens.Length);
        Assert.Equal(Steps.At(forked), left.Inputs.Tokens[..left.Inputs.Steps.Span[0]].ToArray());

        // Nothing is lost by opening the context anew, nor by asking twice.
        await b.ReleaseAsync("", Token);
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token);
        Assert.Null(a.Recovery);
        Assert.Equal(left.Inputs.Tokens.ToArray(), Assert.Single(a.Leftovers).Inputs.Tokens.ToArray());
        var wrong = await Assert.ThrowsAsync<ArgumentException>(async () => await a.FeedAsync(left, Token));
        Assert.Contains($"Fork 'track/1' at {forked}", wrong.Message, StringComparison.Ordinal);
        await swarm.ForkAsync("track/1", "track/1/aside", forked, Token);
        await using (var aside = await swarm.Agent("drone-a").OpenAsync("track/1/aside", Runtime(), null, Token))
        {
            await aside.FeedAsync(left, Token);
            await aside.FlushAsync(Token);
            Assert.Equal((length, length), (aside.Length, aside.Durable.Kv));
        }

        a.Leftovers[0].Discard();
        left.Discard();
        await a.ReleaseAsync("", Token);
        Assert.Empty(await swarm.Agent("drone-a").RecoverSpoolAsync("track/1", root.Path, Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GetLeftover_FencedWhileOffline_IsWhatTheContextWentOnWithout(bool isSpooled)
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        await using var direct = await silo.ConnectAsync();
        var options = new MemoryOptions { SpoolPath = isSpooled ? root.Path : null, DrainTimeout = TimeSpan.Zero };
        var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), options, Token);
        await using var disposing = a;
        await FeedAsync(a, steps: 30);
        await a.FlushAsync(Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => a.GetLeftoverAsync(Token));
        proxy.Stop();
        await FeedAsync(a, steps: 10);
        var fed = a.Length;
        await using var b = await direct.Agent("drone-b").TakeOverAsync("track/1", Runtime(), TakeOver.Now, null, Token);
        proxy.Mend();
        await Poll.UntilAsync(() => a.Fenced.IsCancellationRequested, Token);

        var left = await a.GetLeftoverAsync(Token);

        Assert.Equal((b.Length, fed), (left!.FirstPosition, left.FirstPosition + left.Inputs.Tokens.Length));
        Assert.True(left.FollowsContext, "b has only added");
        await b.RewindAsync(left.FirstPosition - 5, Token);
        await b.FeedAsync(new int[] { 1, 2, 3, 4, 5, 6 }, Token);
        await b.FlushAsync(Token);
        Assert.False((await a.GetLeftoverAsync(Token))!.FollowsContext, "b has rewound further");
        left.Discard();
        await a.DisposeAsync();
        if (isSpooled)
        {
            Assert.Empty(await direct.Agent("drone-a").RecoverSpoolAsync("track/1", root.Path, Token));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_ProcessLostDuringARewind_CompletesIt(bool tookEffect)
    {
        using var root = new TempDirectory();
        using var copy = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        await using var direct = await silo.ConnectAsync();
        var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token);
        await using var disposing = a;
        await FeedAsync(a, steps: 30);
        await a.FlushAsync(Token);
        var boundary = a.Length;
        await FeedAsync(a, steps: 5);
        await a.FlushAsync(Token);
        proxy.Stop();
        await FeedAsync(a, steps: 5);
        var rewinding = a.RewindAsync(boundary, Token).AsTask();
        await Poll.UntilAsync(() => SpoolReader.Read(Session(root)).Header!.IsRewinding, Token);

        // What a process that dies now leaves on its disk.
        Copy(root.Path, copy.Path);
        var epoch = a.Epoch;
        if (tookEffect)
        {
            proxy.Mend();
            await rewinding;
            proxy.Stop();
        }

        await using var again = await direct.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(copy), Token);

        Assert.Equal((boundary, epoch.Next), (again.Length, again.Epoch));
        Assert.Equal(0, again.Recovery!.Positions);
        Assert.Equal(new Twin().FeedUntil(boundary), (await again.ComputeLogitsAsync(Token)).ToArray());
        await FeedAsync(again, steps: 5);
        await again.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Null(SpoolReader.Read(Session(copy)).Fault);
        await a.DisposeAsync();
        if (!tookEffect)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => rewinding);
        }
    }

    [Fact]
    public async Task Feed_DiskRefuses_SaysSoAndNothingOfTheStepIsLost()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs ulimit.");
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync();
        long length;
        using (var agent = await AgentProcess.StartAsync(silo, proxy.Endpoint, root.Path, maxFileKibibytes: 16))
        {
            proxy.Stop();
            var refused = await agent.FeedAsync(5000);
            length = Length(refused);
            Assert.StartsWith("refused ", refused, StringComparison.Ordinal);
            Assert.Contains(root.Path, refused, StringComparison.Ordinal);
            Assert.Contains("nothing of the step was computed", refused, StringComparison.Ordinal);
            Assert.Equal(length, Length(await agent.FeedAsync(1)));
            await agent.KillAsync();
        }

        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), Options(root), Token);

        Assert.Equal((length, null), (a.Length, a.Recovery!.Fault));
        Assert.Equal(new Twin().FeedUntil(length), (await a.ComputeLogitsAsync(Token)).ToArray());
    }

    private static ToyRuntime Runtime() => new(maxPositions: 1 << 16);

    private static MemoryOptions Options(TempDirectory root) => new()
    {
        SpoolPath = root.Path,
        SpoolSyncInterval = TimeSpan.FromMilliseconds(50),
        MaxUndurableTokens = 100,
        DrainTimeout = TimeSpan.FromSeconds(1),
    };

    private static async Task FeedAsync(AgentMemory memory, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            var count = memory.States.TryGetValue("step", out var state) ? BitConverter.ToInt32(state.Content.Span) + 1 : 0;
            await memory.FeedAsync(Steps.At(memory.Length), [("step", BitConverter.GetBytes(count))], Token);
        }
    }

    private static async Task<long> DurableAsync(SwarmClient swarm, long atLeast)
    {
        long durable = 0;
        await Poll.UntilAsync(async () => (durable = (await swarm.GetStatusAsync("track/1", Token)).Durable.Tokens) >= atLeast, Token);
        return durable;
    }

    private static long Length(string said) =>
        long.Parse(said.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static string Session(TempDirectory root) =>
        Assert.Single(Directory.EnumerateDirectories(Assert.Single(Directory.EnumerateDirectories(root.Path))));

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*.spool", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
