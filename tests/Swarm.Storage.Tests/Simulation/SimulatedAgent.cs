using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>An agent that acquires a context, appends, rewinds and releases, over silos that fail at any moment.</summary>
internal sealed partial class SimulatedAgent(
    World world, Func<SimulatedSilo> pickSilo, ContextSpec spec, ContextOracle oracle, string name)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(3);
    private readonly List<int> _view = [];
    private int[] _before = [];
    private int _lastAppend;
    private int _kv;
    private SessionProof _proof;

    /// <summary>Whether KV that it reads may be damaged.</summary>
    public bool MayFindDamage { get; init; }

    /// <summary>A follower from which it takes over, some of the time.</summary>
    public SimulatedFollower? Standby { get; init; }

    private Random Random => world.Random;

    /// <summary>Lives until it has done enough or was fenced.</summary>
    /// <param name="operations">Most operations.</param>
    /// <returns>Whether it ever held the context.</returns>
    public async Task<bool> LiveAsync(int operations)
    {
        if (!await AcquireAsync())
        {
            return false;
        }

        for (var operation = 0; operation < operations; operation++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(1, 80)), world.Time);
            var isAlive = Random.Next(12) switch
            {
                0 when _view.Count > 0 => await RewindAsync(Random.Next(3) == 0 ? Math.Min(_lastAppend, _view.Count - 1) : Random.Next(_view.Count)),
                1 => await ReadAsync(),
                2 when Random.Next(6) == 0 => await ReleaseAsync(),
                2 when _before.Length > 0 => await AppendLateKvAsync(),
                3 or 4 or 5 or 6 when _kv < _view.Count => await AppendKvAsync(),
                7 when Random.Next(3) == 0 => await RepairKvAsync(),
                _ => await AppendAsync(1 + Random.Next(6)),
            };
            if (!isAlive)
            {
                break;
            }
        }

        return true;
    }

    /// <summary>Acquires, and checks what it finds.</summary>
    public async Task<bool> AcquireAsync(int tries = 12)
    {
        var secret = Fresh();
        var takesOver = Standby is not null && Random.Next(2) == 0;
        for (var attempt = 0; attempt < tries; attempt++)
        {
            try
            {
                var context = await OpenAsync();
                var request = new AcquireRequest(name, secret, context.Status.Epoch);
                var grant = await context.AcquireAsync(request, default).AsTask().WaitAsync(CallTimeout, world.Time);
                if (Random.Next(8) == 0)
                {
                    _ = RepeatAcquireAsync(request, grant.Epoch);
                }

                var granted = secret;
                secret = Fresh(); // Should it have to acquire once more, that is another acquisition.
                var tokens = takesOver
                    ? await TakeOverAsync(context, grant, Standby!.Copy(oracle))
                    : await ReadTokensAsync(context, grant.Durable.Tokens);
                if (tokens is null || context.Status.Epoch != grant.Epoch)
                {
                    return false; // Fenced while reading: what was read may be the next holder's.
                }

                Trace.Write(world, name, $"{spec.Name}: acquired epoch {grant.Epoch}, {grant.Durable}");
                oracle.Acquired(grant.Epoch.Value, name, tokens, grant.Durable.Kv);
                _view.AddRange(tokens);
                _kv = (int)grant.Durable.Kv;
                _proof = new SessionProof(grant.Epoch, granted);
                return true;
            }
            catch (Exception error) when (IsPassing(error))
            {
                if (error is SwarmRefusedException { Refusal.Code: RefusalCode.EpochChanged })
                {
                    secret = Fresh();
                }

                await PauseAsync();
            }
        }

        return false;
    }

    /// <summary>Goes on with what a follower has, once it has all: just what a reader of everything has.</summary>
    /// <returns>Its tokens; <see langword="null"/> where the grant is over.</returns>
    private async Task<int[]?> TakeOverAsync(IOpenContext context, Acquired grant, SimulatedFollower follower)
    {
        await follower.CatchUpAsync(context, grant).WaitAsync(CallTimeout, world.Time);
        if (follower.Epoch != grant.Epoch)
        {
            return null;
        }

        var (tokens, steps) = await ReadAllInputsAsync(context, grant.Durable.Tokens).WaitAsync(CallTimeout, world.Time);
        if (context.Status.Epoch == grant.Epoch)
        {
            Trace.Write(world, name, $"{spec.Name}: takes {follower.Tokens.Count} inputs and KV of {follower.Kv} over from a follower");
            oracle.Require(follower.Tokens.SequenceEqual(tokens), $"a follower has {follower.Tokens.Count} tokens, other than the {tokens.Length} there are");

            // A loss that nothing tells of may be that of a rewind within a step.
            oracle.Require(
                oracle.MayLose || follower.Steps.SequenceEqual(steps),
                $"a follower has {follower.Steps.Count} steps, other than the {steps.Length} there are");
            oracle.Require(
                follower.Kv == grant.Durable.Kv || (MayFindDamage && follower.Kv < grant.Durable.Kv),
                $"a follower has KV of {follower.Kv}; {grant.Durable.Kv} is durable");
            oracle.TookOver();
        }

        return [.. follower.Tokens];
    }

    /// <summary>A copy of an old request that the network kept: whatever it does, it takes the context from nobody.</summary>
    private async Task RepeatAcquireAsync(AcquireRequest request, Epoch granted)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(3000)), world.Time);
        try
        {
            var grant = await (await OpenAsync()).AcquireAsync(request, default).AsTask().WaitAsync(CallTimeout, world.Time);
            if (grant.Epoch != granted)
            {
                world.Fail(new InvalidOperationException(
                    $"Seed {world.Seed}, context {spec.Name}: a copy of the request that was granted epoch {granted} took epoch {grant.Epoch}."));
            }
        }
        catch (Exception error) when (IsPassing(error))
        {
        }
    }

    /// <summary>Appends tokens until it is told that they are durable, or that it is fenced.</summary>
    public async Task<bool> AppendAsync(int count)
    {
        int[] before = [.. _view];
        var tokens = new int[count];
        for (var index = 0; index < count; index++)
        {
            var parent = index > 0 ? tokens[index - 1] : before.Length > 0 ? before[^1] : -1;
            tokens[index] = oracle.NewToken(before.Length + index, parent, _proof.Epoch.Value);
        }

        NamedState[] states = Random.Next(4) == 0 ? [new NamedState("tracker", before.Length + count, new byte[3])] : [];
        var steps = tokens[0] % 4 == 0 ? [count] : SmallModel.OneStepEach(count); // One step may be longer than a page.
        var inputs = new InputRun(before.Length, tokens, steps);
        if (!await CallAsync(context => context.AppendInputsAsync(_proof, inputs, states, default)))
        {
            return false;
        }

        Trace.Write(world, name, $"{spec.Name}: appended [{before.Length}, {before.Length + count}) in epoch {_proof.Epoch}");
        oracle.Appended(_proof.Epoch.Value, name, before, tokens);
        _view.AddRange(tokens);
        _lastAppend = before.Length;
        if (Random.Next(4) == 0)
        {
            _ = RepeatAppendAsync(_proof, inputs);
        }

        return true;
    }

    /// <summary>A copy of an old append that the network kept: it never attaches to what a rewind left.</summary>
    private async Task RepeatAppendAsync(SessionProof proof, InputRun inputs)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(400)), world.Time);
        try
        {
            await (await OpenAsync()).AppendInputsAsync(proof, inputs, [], default).AsTask().WaitAsync(CallTimeout, world.Time);
        }
        catch (Exception error) when (error is SwarmRefusedException or TimeoutException)
        {
        }
    }

    private async Task<bool> RewindAsync(int length)
    {
        var request = Random.NextInt64();
        var secret = Fresh();
        var before = _proof;
        Acquired? grant = null;
        oracle.Rewinding(request, before.Epoch.Value, length, [.. _view]);
        if (!await CallAsync(async context =>
        {
            grant = await context.RewindAsync(before, length, secret, default);
            return grant.Durable;
        }))
        {
            return false;
        }

        Trace.Write(world, name, $"{spec.Name}: rewound to {length}, epoch {grant!.Epoch}");
        oracle.Rewound(request);
        _before = [.. _view];
        _view.RemoveRange(length, _view.Count - length);
        _kv = (int)grant!.Durable.Kv;
        _proof = grant.Epoch == before.Epoch ? before : new SessionProof(grant.Epoch, secret); // The same where that rule is taken away.
        oracle.Acquired(grant.Epoch.Value, name, [.. _view], grant.Durable.Kv);
        oracle.Require(grant.Durable.Tokens == length, $"a rewind to {length} left {grant.Durable.Tokens} tokens");
        return true;
    }

    private async Task<bool> ReleaseAsync()
    {
        await CallAsync(async context =>
        {
            await context.ReleaseAsync(_proof, "", default);
            return context.Status.Durable;
        });
        return false;
    }

    private async Task<bool> ReadAsync()
    {
        try
        {
            await CheckAsync(await OpenAsync());
        }
        catch (Exception error) when (IsPassing(error))
        {
            await PauseAsync();
        }

        return true;
    }

    /// <summary>Reads everything, and checks it; again where another silo opens the context meanwhile, for a request that comes late.</summary>
    public async Task<(ulong Epoch, int[] Tokens, long Kv)> CheckInTheEndAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await CheckAsync(await OpenAsync());
            }
            catch (Exception error) when (IsPassing(error) && attempt < 12)
            {
                await PauseAsync();
            }
        }
    }

    /// <summary>Reads everything, as anybody may, and checks it.</summary>
    public Task<(ulong Epoch, int[] Tokens, long Kv)> CheckAsync(IOpenContext context) =>
        CheckAllAsync(context).WaitAsync(CallTimeout, world.Time);

    private async Task<(ulong Epoch, int[] Tokens, long Kv)> CheckAllAsync(IOpenContext context)
    {
        var status = context.Status;
        var tokens = await ReadTokensAsync(context, status.Durable.Tokens);
        long kv = 0;
        await foreach (var run in context.ReadKvAsync(0, status.Durable.Kv, KvReading.IntoMemory, default))
        {
            using (run)
            {
                var end = run.FirstPosition + run.Count;
                oracle.Require(run.FirstPosition <= kv && end > kv, $"KV goes on with {run.FirstPosition} to {end} at {kv}");
                kv = end;
                if (context.Status.Epoch == status.Epoch && kv <= tokens.Length)
                {
                    oracle.Require((MayFindDamage && run.IsDamaged) || SmallModel.Matches(run, tokens), $"KV up to {kv} is not that of the inputs");
                }
            }
        }

        if (context.Status.Epoch == status.Epoch)
        {
            oracle.Read(status.Epoch.Value, tokens);
            oracle.Require(kv >= status.Durable.Kv, $"KV of {status.Durable.Kv} is durable, {kv} can be read");
        }

        return (status.Epoch.Value, tokens, status.Durable.Kv);
    }

    public async Task<IOpenContext> OpenAsync()
    {
        var silo = pickSilo();
        var context = await silo.Store.OpenAsync(spec.Id, default).AsTask().WaitAsync(CallTimeout, world.Time);
        if (context is null)
        {
            await silo.Store.CreateAsync(spec, default).AsTask().WaitAsync(CallTimeout, world.Time);
            context = await silo.Store.OpenAsync(spec.Id, default).AsTask().WaitAsync(CallTimeout, world.Time);
        }

        return context ?? throw new TimeoutException("created and not found: a late request may have come between");
    }

    private async Task<bool> CallAsync(Func<IOpenContext, ValueTask<Watermarks>> call)
    {
        for (var attempt = 0; attempt < 12; attempt++)
        {
            try
            {
                var context = await OpenAsync();
                var answer = call(context).AsTask();
                if (Random.Next(8) == 0)
                {
                    // Sent twice, as by an impatient client: the faster answer counts, and it must be as true as the other.
                    answer = await Task.WhenAny(answer, call(context).AsTask());
                }

                await answer.WaitAsync(CallTimeout, world.Time);
                return true;
            }
            catch (StaleEpochException)
            {
                return false;
            }
            catch (Exception error) when (!IsPassing(error))
            {
                oracle.Require(false, $"{name}: {error.Message}");
            }
            catch (Exception error) when (IsPassing(error))
            {
                await PauseAsync();
            }
        }

        return false;
    }

    private async Task<int[]> ReadTokensAsync(IOpenContext context, long count) =>
        (await ReadAllInputsAsync(context, count).WaitAsync(CallTimeout, world.Time)).Tokens;

    private async Task<(int[] Tokens, int[] Steps)> ReadAllInputsAsync(IOpenContext context, long count)
    {
        var (tokens, steps) = (new List<int>(), new List<int>());
        await foreach (var run in context.ReadInputsAsync(0, count, default))
        {
            oracle.Require(run.FirstPosition == tokens.Count, $"inputs have a hole at {tokens.Count}");
            tokens.AddRange(run.Tokens.Span);
            steps.AddRange(run.Steps.Span);
        }

        return ([.. tokens], [.. steps]);
    }

    private async Task<Core.Blocks.TenantKey?> KeyAsync()
    {
        try
        {
            return await pickSilo().Store.GetTenantKeyAsync(spec.Tenant, default).AsTask().WaitAsync(CallTimeout, world.Time);
        }
        catch (Exception error) when (IsPassing(error))
        {
            return null;
        }
    }

    private Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(Random.Next(1, 400)), world.Time);

    private Digest256 Fresh()
    {
        var bytes = new byte[Digest256.SizeBytes];
        Random.NextBytes(bytes);
        return new Digest256(bytes);
    }

    // A gap can come of a rewind's lost answer, a conflict of KV cut otherwise: neither may come of anything else, and what
    // was acknowledged is checked all the same.
    internal static bool IsPassing(Exception error) => error is TimeoutException
        or SwarmRefusedException
    {
        Refusal.Code: RefusalCode.Busy or RefusalCode.Unknown or RefusalCode.Moved
            or RefusalCode.StoreUnavailable or RefusalCode.EpochChanged
    };
}
