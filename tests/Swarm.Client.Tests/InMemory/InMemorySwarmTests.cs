using System.Globalization;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.InMemory;

/// <summary>A swarm in memory does what silos do: the same calls give the same results, refusals and bits.</summary>
public sealed class InMemorySwarmTests
{
    private const int Rounds = 4;
    private const int Calls = 70;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_OfAnyOrder_GiveWhatSilosGive()
    {
        var seeded = new SeededTest();
        await using var silo = await Silo.StartAsync();
        await using var connected = await silo.ConnectAsync();
        var swarm = new InMemorySwarm();
        for (var round = 0; round < Rounds; round++)
        {
            var seed = seeded.Random.Next();
            List<string> told = [];
            await using var real = new Script(connected, seed, $"r{round}/");
            await using var inMemory = new Script(swarm.Connect(), seed, $"r{round}/");
            for (var call = 0; call < Calls; call++)
            {
                var expected = await real.NextAsync();
                var found = await inMemory.NextAsync();
                Assert.True(
                    expected == found,
                    $"seed {seed}, call {call}: silos\n  {expected}\nin memory\n  {found}\nbefore it\n  {string.Join("\n  ", told)}");
                told.Add(expected);
            }

            Assert.True(real.Succeeded > Calls / 6, $"seed {seed}: only {real.Succeeded} calls of {Calls} did anything");
        }
    }

    [Fact]
    public async Task Prompt_OfABeginningThatIsThere_SharesWhatSilosShare()
    {
        await using var silo = await Silo.StartAsync();
        await using var connected = await silo.ConnectAsync();
        int[] prompt = [.. Enumerable.Range(0, 70)];
        List<string> found = [];
        foreach (var swarm in new[] { connected, new InMemorySwarm().Connect() })
        {
            var text = "";
            var options = new MemoryOptions { BlockTokens = 8 };
            for (var round = 0; round < 4; round++)
            {
                var runtime = new ToyRuntime(maxStepTokens: 12);
                int[] asked = [.. prompt[..(40 + (10 * round))], 7, 7, round];
                await using var memory = await swarm.Agent("a").OpenWithPromptAsync($"track/{round}", runtime, asked, options, Token);
                memory.SetState("s", new byte[1]);
                await memory.FlushAsync(Token);
                var other = await OtherAsync(swarm, $"other/{round}");
                var again = await Assert.ThrowsAsync<AppendConflictException>(
                    () => swarm.Agent("a").OpenWithPromptAsync(other, new ToyRuntime(), asked, options, Token));
                text += $"{memory.Length} {memory.Rehydration.Loaded} {memory.States.Count} {again.Refusal.Position} "
                    + string.Join(' ', memory.Logits.ToArray().Take(3)) + "\n";
            }

            found.Add(text);
        }

        Assert.Equal(found[0], found[1]);
        Assert.Contains("73 48 ", found[0], StringComparison.Ordinal);

        static async Task<string> OtherAsync(ISwarmClient swarm, string name)
        {
            await using var other = await swarm.Agent("b").OpenAsync(name, new ToyRuntime(), null, Token);
            await other.FeedAsync(new[] { 0, 1, 5 }, Token);
            await other.ReleaseAsync("", Token);
            return name;
        }
    }

    [Fact]
    public async Task States_WithoutTokensTooManyAndOfAFencedSession_AreAsOnSilos()
    {
        await using var silo = await Silo.StartAsync();
        await using var connected = await silo.ConnectAsync();
        List<string> found = [];
        foreach (var swarm in new[] { connected, new InMemorySwarm().Connect() })
        {
            await using var a = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), null, Token);
            await a.FeedAsync(new[] { 1, 2, 3 }, Token);
            await a.FeedAsync(default, [("map", new byte[] { 1 }), ("plan", new byte[] { 2 })], Token);
            for (var index = a.States.Count; index < NamedState.MaxCount - 1; index++) // One is Swarm's own.
            {
                a.SetState($"s{index}", default);
            }

            var tooMany = Assert.Throws<ArgumentException>(() => a.SetState("one-more", default));
            await Assert.ThrowsAsync<ArgumentException>(async () => await a.FeedAsync(new[] { 4 }, [("one-more", default)], Token));
            a.SetState("map", new byte[] { 3 });
            await a.FlushAsync(Token);
            var own = await Assert.ThrowsAsync<ContextOwnedException>(() => swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), null, Token));
            await using var b = await swarm.Agent("b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);
            await b.RewindAsync(2, Token);
            b.SetState("of-b", default);
            await b.FlushAsync(Token);
            while (!a.Fenced.IsCancellationRequested)
            {
                await Task.Yield();
            }

            found.Add(
                $"{a.Length} {a.States["map"].Position} {a.States["map"].Content.Span[0]} {a.States.Count} {a.States.ContainsKey("of-b")} "
                + $"{string.Join(',', b.States.Keys)} {tooMany.Message} {own.Message.Split(';')[2]}");
        }

        Assert.Equal(found[0], found[1]);
        Assert.Contains("3 3 3 63 False of-b ", found[0], StringComparison.Ordinal);
        Assert.Contains("OpenOrTakeOverAsync goes on at once", found[0], StringComparison.Ordinal);
        await using var prompted = new InMemorySwarm().Connect();
        await Assert.ThrowsAsync<ArgumentException>(() => prompted.Agent("a").OpenWithPromptAsync("track/1", new ToyRuntime(), default, null, Token));
    }

    [Fact]
    public async Task TakeOver_HolderThatIsOpen_WaitsForItsRelease()
    {
        var swarm = new InMemorySwarm().Connect();
        await using var a = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await a.FeedAsync(new[] { 1, 2, 3 }, Token);

        var waiting = swarm.Agent("b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token);
        var other = swarm.Agent("c").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token);
        Assert.False(waiting.IsCompleted || other.IsCompleted);
        await a.ReleaseAsync("b", Token);
        await using var b = await waiting;

        Assert.Equal((3L, 3L), (b.Length, b.Rehydration.Loaded));
        Assert.False(other.IsCompleted);
        await b.ReleaseAsync("", Token);
        await using var c = await other;
        Assert.Equal([1, 2, 3], c.GetTokens());
    }

    [Fact]
    public async Task TakeOver_HolderThatCrashed_ComesWhenItHasTimedOut()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var swarm = new InMemorySwarm(clock).Connect();
        var a = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        var waiting = swarm.Agent("b").TakeOverAsync(
            "track/1", new ToyRuntime(), TakeOver.IfHolderTimedOut(TimeSpan.FromSeconds(3)), null, Token);
        clock.Advance(TimeSpan.FromMinutes(1)); // It lives.
        Assert.False(waiting.IsCompleted);
        await a.DisposeAsync();
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(2), (await swarm.GetStatusAsync("track/1", Token)).HeartbeatAge);
        Assert.False(waiting.IsCompleted);

        while (!waiting.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await using var b = await waiting;
        Assert.Equal("b", (await swarm.GetStatusAsync("track/1", Token)).Holder);
    }

    [Fact]
    public async Task Tenants_OfOneSwarm_SeeNothingOfEachOther()
    {
        var swarm = new InMemorySwarm();
        await using var memory = await swarm.Connect("one").Agent("a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await memory.FeedAsync(new int[70], Token);
        var two = swarm.Connect("two");

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => two.GetStatusAsync("track/1", Token));
        await using var prompted = await two.Agent("a").OpenWithPromptAsync(
            "track/2", new ToyRuntime(), new int[70], new MemoryOptions { BlockTokens = 8 }, Token);

        Assert.Equal(RefusalCode.NotFound, refused.Refusal.Code);
        Assert.Equal(0, prompted.Rehydration.Loaded);
    }

    /// <summary>Calls drawn from a seed, and what they give, as text.</summary>
    private sealed class Script(ISwarmClient swarm, int seed, string prefix) : IAsyncDisposable
    {
        private static readonly string[] _agents = ["a", "b"];
        private readonly string[] _contexts = [$"{prefix}x", $"{prefix}y", $"{prefix}z"];
        private readonly Random _random = new(seed);
        private readonly List<IAgentMemory> _sessions = [];
        private readonly HashSet<IAgentMemory> _over = [];

        public int Succeeded { get; private set; }

        public async ValueTask DisposeAsync()
        {
            foreach (var session in _sessions)
            {
                await session.CloseAsync(CancellationToken.None);
            }
        }

        public async Task<string> NextAsync()
        {
            var kind = _random.Next(20);
            var numbers = new[] { _random.Next(), _random.Next(), _random.Next() };
            try
            {
                var result = await CallAsync(kind, numbers);
                Succeeded += result == "nothing" ? 0 : 1;
                return $"{kind} {string.Join(' ', numbers.Select(number => number % 6))}: {result}";
            }
            catch (SwarmRefusedException refused)
            {
                return $"{kind}: {refused.GetType().Name} {refused.Refusal.Code} {refused.Refusal.Holder} {refused.Refusal.Position}";
            }
            catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
            {
                return $"{kind}: {exception.GetType().Name}";
            }
        }

        private async Task<string> CallAsync(int kind, int[] numbers)
        {
            var context = _contexts[numbers[0] % _contexts.Length];
            var agent = swarm.Agent(_agents[numbers[1] % _agents.Length]);
            var session = _sessions.Count == 0 ? null : _sessions[numbers[2] % _sessions.Count];
            switch (kind)
            {
                case 0:
                    return await StartAsync(await agent.OpenAsync(context, NewRuntime(), Options(numbers[2]), Token));
                case 1:
                    return await StartAsync(await agent.TakeOverAsync(context, NewRuntime(), TakeOver.Now, Options(numbers[2]), Token));
                case 2:
                    return await StartAsync(await agent.OpenOrTakeOverAsync(context, NewRuntime(), TakeOver.Now, Options(numbers[2]), Token));
                case 3:
                    return await StartAsync(await agent.OpenOrTakeOverAsync(context, NewRuntime().Model, TakeOver.Now, Options(numbers[2]), Token));
                case 4 or 5:
                    var forked = await swarm.ForkAsync(context, _contexts[numbers[1] % _contexts.Length], numbers[2] % 3 == 0 ? null : numbers[2] % 40, Token);
                    return forked.ToString();
                case 6:
                    var isErased = await swarm.EraseAsync(context, Token);
                    await FencedAsync(context);
                    return $"erased {isErased}";
                case 7:
                    return Describe(await swarm.GetStatusAsync(context, Token));
                case 8:
                    return await ReadAsync(context);
                case 9 when session is not null:
                    _sessions.Remove(session);
                    var close = await session.CloseAsync(Token);
                    return $"closed {close.Length} {close.IsLossy} {close.Spooled}";
                case 10 when session is not null:
                    await session.ReleaseAsync(numbers[0] % 2 == 0 ? "" : _agents[numbers[1] % 2], Token);
                    _over.Add(session);
                    return "released";
                case 11 when session is not null:
                    await session.RewindAsync(numbers[0] % (session.Length + 2), Token);
                    await session.FlushAsync(Token);
                    return await DescribeAsync(session);
                case 12 when session is not null:
                    session.SetState($"s{numbers[0] % 3}", BitConverter.GetBytes(numbers[1]));
                    await session.FlushAsync(Token);
                    return await DescribeAsync(session);
                case 13 when session is not null:
                    return await StreamAsync(session, numbers);
                case 14 when session is not null:
                    var tokens = await session.GenerateAsync(numbers[0] % 7, null, Token);
                    await session.FlushAsync(Token);
                    return $"{string.Join(' ', tokens)} {await DescribeAsync(session)}";
                case > 14 when session is not null:
                    (string, ReadOnlyMemory<byte>)[] states = numbers[1] % 3 == 0 ? [("fed", BitConverter.GetBytes(numbers[1]))] : [];
                    await session.FeedAsync(Prompt(numbers[0]), states, Token);
                    await session.FlushAsync(Token);
                    return await DescribeAsync(session);
                default:
                    return "nothing";
            }
        }

        // Left early, stopped by a token, or to its end.
        private static async Task<string> StreamAsync(IAgentMemory session, int[] numbers)
        {
            var options = new GenerateOptions
            {
                MaxTokens = numbers[0] % 3 == 0 ? numbers[0] % 280 : 1 + (numbers[0] % 9),
                StopTokens = [numbers[1] % 97, numbers[2] % 97],
                Temperature = numbers[1] % 2,
                Seed = (ulong)numbers[2],
            };
            var said = "";
            await foreach (var token in session.GenerateStreamAsync(options, Token))
            {
                said += $"{token.Token}@{token.Position}{(token.Finish == GenerateFinish.None ? "" : token.Finish)} ";
                if (numbers[2] % 5 == 0)
                {
                    session.SetState("streamed", BitConverter.GetBytes(token.Position));
                    break;
                }
            }

            await session.FlushAsync(Token);
            return said + await DescribeAsync(session);
        }

        private static ToyRuntime NewRuntime() => new(maxPositions: 300, maxStepTokens: 16);

        private static MemoryOptions Options(int number) => new()
        {
            BlockTokens = 8,
            Strategy = number % 4 == 0 ? RehydrationStrategy.Recompute : RehydrationStrategy.LoadKv,
        };

        // Beginnings that are often the same, so that there is something to share.
        private static int[] Prompt(int number) => [.. Enumerable.Range(0, 1 + (number % 50)).Select(index => (index < 30 ? index : index + number) % 97)];

        private async Task<string> StartAsync(IAgentMemory session)
        {
            await FencedAsync(session.Context);
            _sessions.Add(session);
            await session.FlushAsync(Token);
            var report = session.Rehydration;
            return $"{report.Positions} {report.Loaded + report.Recomputed} {report.Numerics} {report.OtherNumerics.Count} "
                + await DescribeAsync(session);
        }

        // Sessions that were open on a context hear that they are over a little later, from silos.
        private async Task FencedAsync(string context)
        {
            foreach (var session in _sessions.Where(session => session.Context == context && !_over.Contains(session)))
            {
                _over.Add(session);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), session.Fenced));
            }
        }

        private static async Task<string> DescribeAsync(IAgentMemory session)
        {
            var logits = await session.ComputeLogitsAsync(Token);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{session.Context} {session.Epoch} {session.Length} {session.Durable.Tokens} [{session.Durable.Kv == session.Length || logits.IsEmpty}] [{string.Join(' ', session.GetTokens())}] ")
                + string.Join(' ', logits.ToArray().Take(4)) + " "
                + string.Join(' ', session.States.Values.OrderBy(state => state.Name).Select(Describe));
        }

        private static string Describe(NamedState state) => $"{state.Name}@{state.Position}={Convert.ToHexString(state.Content.Span)}";

        private static string Describe(ContextInfo info) => $"{info.Epoch} '{info.Holder}' '{info.ReservedFor}' {info.Durable.Tokens} {info.Model} {info.Loss}";

        private async Task<string> ReadAsync(string context)
        {
            await using var reader = await swarm.OpenReaderAsync(context, Token);
            var runtime = NewRuntime();
            var report = await reader.RehydrateAsync(runtime, RehydrationStrategy.LoadKv, Token);
            var tokens = new List<int>();
            await foreach (var run in reader.ReadInputsAsync(0, 25, Token))
            {
                tokens.AddRange(run.Tokens.ToArray());
            }

            var states = await reader.ReadStatesAsync(Token);
            return $"{reader.Durable.Tokens} {runtime.Length} {report.Loaded + report.Recomputed} [{string.Join(' ', tokens)}] "
                + string.Join(' ', states.Select(Describe));
        }
    }
}
