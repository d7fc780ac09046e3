using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Storage.Tests.Simulation;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>An agent that appends to one context in small runs, and knows what must be there.</summary>
internal sealed class ContextWriter(LoneStore lone, string name)
{
    /// <summary>Positions of a run of KV.</summary>
    public const int RunTokens = 5;

    private readonly List<int> _tokens = [];
    private readonly ContextSpec _spec = new(LoneStore.Spec.Tenant, name, SmallModel.Descriptor, SmallModel.BlockTokens);
    private int _kv;

    public ContextId Id => _spec.Id;

    public SessionProof Proof { get; private set; }

    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Runs that the last reading found.</summary>
    public int RunsRead { get; private set; }

    /// <summary>Runs that the last reading found damaged.</summary>
    public IReadOnlyList<(int First, int Count)> Damaged { get; private set; } = [];

    /// <summary>What a fork of it must hold.</summary>
    public ContextWriter ForkedAs(string child, int position)
    {
        var fork = new ContextWriter(lone, child);
        fork._tokens.AddRange(_tokens.Take(position));
        fork._kv = Math.Min(_kv, position); // Every input is a step of its own.
        return fork;
    }

    /// <summary>Some of the inputs.</summary>
    public InputRun Inputs(int first, int count) =>
        new(first, _tokens.GetRange(first, count).ToArray(), SmallModel.OneStepEach(count));

    /// <summary>KV of some positions.</summary>
    public KvAppend Kv(int first, int count)
    {
        var key = lone.Run(async () => await lone.Store.GetTenantKeyAsync(_spec.Tenant, default));
        return SmallModel.Kv(key, _tokens.ToArray(), first, count);
    }

    /// <summary>Rewinds, and goes on as the new session.</summary>
    public Watermarks Rewind(int length)
    {
        var secret = Digest256.Sha256(BitConverter.GetBytes(_tokens.Count));
        var grant = lone.Run(async () => await (await OpenAsync()).RewindAsync(Proof, length, secret, default));
        Proof = new SessionProof(grant.Epoch, secret);
        _tokens.RemoveRange(length, _tokens.Count - length);
        _kv = (int)grant.Durable.Kv;
        return grant.Durable;
    }

    /// <summary>Appends inputs with their KV.</summary>
    public void Write(int count, int salt = 0) => lone.Run(() => WriteAsync(count, salt));

    /// <summary>Appends inputs with their KV.</summary>
    public async Task<bool> WriteAsync(int count, int salt = 0)
    {
        var end = _tokens.Count + count;
        var context = await OpenAsync();
        if (Proof.Epoch.Value == 0)
        {
            var secret = Digest256.Sha256([.. BitConverter.GetBytes(name.GetHashCode(StringComparison.Ordinal)), (byte)_tokens.Count]);
            Proof = new SessionProof(
                (await context.AcquireAsync(new AcquireRequest("a", secret, context.Status.Epoch), default)).Epoch, secret);
        }

        var key = await lone.Store.GetTenantKeyAsync(_spec.Tenant, default);
        var hasher = new PrefixHasher(key, context.Model.ComputeFingerprint(), SmallModel.BlockTokens);
        hasher.Append(_tokens.ToArray().AsSpan(0, _kv));
        while (_tokens.Count < end)
        {
            var first = _tokens.Count;
            _tokens.AddRange(Enumerable.Range(first + salt, Math.Min(250, end - first)));
            var inputs = context.AppendInputsAsync(
                Proof,
                Inputs(first, _tokens.Count - first),
                [],
                default).AsTask();
            var runs = new List<Task>();
            while (_kv < _tokens.Count)
            {
                var length = Math.Min(RunTokens - (_kv % RunTokens), _tokens.Count - _kv);
                hasher.Append(_tokens.ToArray().AsSpan(_kv, length));
                runs.Add(context.AppendKvAsync(
                    Proof, SmallModel.Kv(hasher.Current(), _tokens.ToArray(), _kv, length), default).AsTask());
                _kv += length;
            }

            await inputs;
            foreach (var run in runs)
            {
                await run;
            }
        }

        return true;
    }

    /// <summary>Reads everything and holds it against what was appended.</summary>
    public void AssertIsAllThere()
    {
        var (tokens, kv) = lone.Run(ReadAsync);
        Assert.Equal(_tokens, tokens);
        Assert.Equal(_kv, kv);
    }

    /// <summary>Positions whose KV was appended.</summary>
    public int KvLength => _kv;

    /// <summary>Appends KV again that is there already, all runs at once.</summary>
    public void AppendAgain(params IEnumerable<(int First, int Count)> runs)
    {
        KvAppend[] appends = [.. runs.Select(run => Kv(run.First, run.Count))];
        lone.Run(async () =>
        {
            var context = await OpenAsync();
            foreach (var append in appends.Select(kv => context.AppendKvAsync(Proof, kv, default).AsTask()).ToArray())
            {
                await append;
            }

            return true;
        });
    }

    /// <summary>Closes it.</summary>
    public void Close() => lone.Run(async () =>
    {
        await (await OpenAsync()).CloseAsync(default);
        return true;
    });

    /// <summary>Reads everything.</summary>
    /// <returns>Inputs, and positions whose KV is there: the KV of these inputs.</returns>
    public async Task<(List<int> Tokens, long Kv)> ReadAsync()
    {
        var context = await OpenAsync();
        var tokens = new List<int>();
        await foreach (var run in context.ReadInputsAsync(0, context.Status.Durable.Tokens, default))
        {
            Assert.Equal(tokens.Count, run.FirstPosition);
            tokens.AddRange(run.Tokens.Span);
        }

        var (kv, end) = (0L, 0L);
        var damaged = new List<(int First, int Count)>();
        RunsRead = 0;
        int[] all = [.. tokens];
        await foreach (var run in context.ReadKvAsync(0, context.Status.Durable.Kv, KvReading.IntoMemory, default))
        {
            using (run)
            {
                Assert.Equal(end, run.FirstPosition);
                end += run.Count;
                if (run.IsDamaged)
                {
                    damaged.Add(((int)run.FirstPosition, run.Count));
                    continue;
                }

                Assert.True(SmallModel.Matches(run, all), $"KV up to {end} is not that of the inputs");
                kv += run.Count;
                RunsRead++;
            }
        }

        Assert.Equal(context.Status.Durable.Kv, end);
        Damaged = damaged;

        return (tokens, kv);
    }

    public async Task<IOpenContext> OpenAsync()
    {
        if (await lone.Store.OpenAsync(Id, default) is { } open)
        {
            return open;
        }

        await lone.Store.CreateAsync(_spec, default);
        return (await lone.Store.OpenAsync(Id, default))!;
    }
}
