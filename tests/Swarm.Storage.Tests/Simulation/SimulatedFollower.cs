using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>
/// A follower of one context: it holds a copy, made of what silos tell it, at one silo and then at another, up to date or not; and it
/// checks all that it is told.
/// </summary>
/// <remarks>A process of its own: between any two of its steps it may stand still, while the silo goes on.</remarks>
internal sealed class SimulatedFollower(World world, Func<SimulatedSilo> pickSilo, ContextSpec spec, ContextOracle oracle)
{
    private const int StepsBetweenPauses = 24;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(3);
    private readonly List<int> _tokens = [];
    private readonly List<int> _steps = [];
    private Epoch _epoch;
    private int _kv;
    private long _given;
    private TenantKey? _key;
    private CancellationToken _stop;

    /// <summary>Tokens that it has.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Steps that they came in.</summary>
    public IReadOnlyList<int> Steps => _steps;

    /// <summary>Positions whose KV it has.</summary>
    public int Kv => _kv;

    /// <summary>Epoch that it was told last.</summary>
    public Epoch Epoch => _epoch;

    private Random Random => world.Random;

    /// <summary>Follows, until it is stopped. What it has stays.</summary>
    public Task FollowAsync(CancellationToken stop)
    {
        _stop = stop;
        var process = world.Start($"follower of {spec.Name}");
        var clock = world.Start($"clock of {spec.Name}'s follower");
        process.Stepped = () =>
        {
            if (!stop.IsCancellationRequested && Random.Next(StepsBetweenPauses) == 0)
            {
                process.IsPaused = true;
                _ = clock.Run(() => GoOnAsync(process));
            }
        };
        return process.Run(LiveAsync);
    }

    /// <summary>Another that has what this one has now.</summary>
    /// <param name="owed">What the context owes from now on.</param>
    public SimulatedFollower Copy(ContextOracle owed)
    {
        var copy = new SimulatedFollower(world, pickSilo, spec, owed) { _epoch = _epoch, _kv = _kv, _key = _key };
        copy._tokens.AddRange(_tokens);
        copy._steps.AddRange(_steps);
        return copy;
    }

    /// <summary>Follows until it was told of a grant and all that was durable then, or that is over.</summary>
    /// <param name="context">Where the grant was given.</param>
    /// <param name="grant">The grant.</param>
    public async Task CatchUpAsync(IOpenContext context, Acquired grant)
    {
        bool HasAll() => context.Status.Epoch != grant.Epoch
            || (_epoch == grant.Epoch && _tokens.Count >= grant.Durable.Tokens && _given >= grant.Durable.Kv);
        _epoch = oracle.MayLose && _epoch == grant.Epoch ? default : _epoch; // What it was told before a loss may be another epoch of that number.
        while (!HasAll())
        {
            await FollowAsync(context, () => CallTimeout, HasAll);
        }
    }

    private async Task LiveAsync()
    {
        IOpenContext? context = null;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (context is null || Random.Next(3) > 0) // Otherwise the same again, though it may be over there.
                {
                    context = await pickSilo().Store.OpenAsync(spec.Id, default).AsTask().WaitAsync(CallTimeout, world.Time, _stop);
                }

                if (context is not null)
                {
                    await FollowAsync(context, () => TimeSpan.FromMilliseconds(Random.Next(50, 1500)), () => Random.Next(10) == 0);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(1, 500)), world.Time, _stop);
            }
            catch (Exception error) when (SimulatedAgent.IsPassing(error))
            {
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
            }
            catch (InvalidOperationException error)
            {
                world.Fail(error);
                return;
            }
        }
    }

    private async Task GoOnAsync(SimulatedProcess process)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(600)), world.Time);
        process.IsPaused = false;
    }

    /// <summary>Follows from what it has, until that ends, it has enough, or nothing comes any more.</summary>
    private async Task FollowAsync(IOpenContext context, Func<TimeSpan> patience, Func<bool> isEnough)
    {
        _key ??= await pickSilo().Store.GetTenantKeyAsync(spec.Tenant, default).AsTask().WaitAsync(CallTimeout, world.Time, _stop);
        var from = new FollowPoint(_epoch, _tokens.Count, SmallModel.HashAt(_key, [.. _tokens]), _kv);
        _given = _kv;
        var told = context.FollowAsync(from, CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        Task<bool>? next = null;
        try
        {
            for (var mustEnd = false; !isEnough();)
            {
                next = told.MoveNextAsync().AsTask();
                if (!await next.WaitAsync(patience(), world.Time, _stop))
                {
                    return;
                }

                oracle.Require(!mustEnd, "a follower was told more before it took back what it had to");
                mustEnd = Apply(told.Current);
                if (Random.Next(6) == 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(200)), world.Time, _stop);
                }
            }
        }
        finally
        {
            _ = LeaveAsync(told, next);
        }
    }

    /// <summary>Leaves once the silo says something more, or that it is over: to cancel takes the thread pool, which no seed decides about.</summary>
    private async Task LeaveAsync(IAsyncEnumerator<Followed> told, Task<bool>? last)
    {
        try
        {
            var isUnseen = last is { IsCompleted: false };
            if (last is not null && await last && isUnseen)
            {
                told.Current.Kv?.Dispose();
            }
        }
        catch (Exception error) when (SimulatedAgent.IsPassing(error))
        {
        }
        catch (InvalidOperationException error)
        {
            world.Fail(error);
        }

        await told.DisposeAsync();
    }

    /// <summary>Takes what it was told.</summary>
    /// <returns>Whether something was taken back: then nothing more may come.</returns>
    private bool Apply(Followed followed)
    {
        if (followed.Kv is { } kv)
        {
            using (kv)
            {
                Apply(kv);
            }

            return false;
        }

        if (followed.Inputs is { } inputs)
        {
            oracle.Require(inputs.FirstPosition == _tokens.Count, $"a follower that has {_tokens.Count} inputs was told those from {inputs.FirstPosition} on");
            _tokens.AddRange(inputs.Tokens.Span);
            _steps.AddRange(inputs.Steps.Span);
            Trace.Write(world, "follower", $"{spec.Name}: inputs up to {_tokens.Count} in epoch {_epoch}");
            oracle.Followed(_epoch.Value, [.. _tokens]);
            return false;
        }

        var (epoch, kept) = followed.Epoch!;
        Trace.Write(world, "follower", $"{spec.Name}: epoch {epoch} instead of {_epoch}, keeps {kept} of {_tokens.Count}, {_kv}");
        oracle.Require(epoch >= _epoch || oracle.MayLose, $"a follower of epoch {_epoch} was told of {epoch}");
        oracle.Require(kept.Tokens <= _tokens.Count && kept.Kv <= kept.Tokens, $"a follower shall keep {kept}, and has {_tokens.Count} inputs");
        var isCut = kept.Tokens < _tokens.Count || kept.Kv < _given;
        _epoch = epoch;
        _kv = (int)Math.Min(_kv, kept.Kv);
        _given = isCut ? _kv : _given;
        Cut((int)kept.Tokens);
        oracle.Followed(_epoch.Value, [.. _tokens]);
        return isCut;
    }

    /// <summary>KV counts where it follows on, and is of the inputs that are here. What does not is asked for again, from another start.</summary>
    private void Apply(KvRunData kv)
    {
        var (first, end) = (kv.FirstPosition, (int)kv.FirstPosition + kv.Count);
        oracle.Require(first <= _given && end > _given, $"a follower was told KV from {first} to {end} behind {_given}");
        oracle.Require(end <= _tokens.Count, $"a follower that has {_tokens.Count} inputs was told KV from {first} to {end}");
        _given = end;
        if (kv.IsDamaged || kv.PrefixHash != SmallModel.HashAt(_key!, [.. _tokens[..end]]))
        {
            oracle.Require(oracle.MayLose, $"a follower of epoch {_epoch} was told KV up to {end} that is {(kv.IsDamaged ? "damaged" : "of other inputs")}");
            return;
        }

        oracle.Require(SmallModel.Matches(kv, [.. _tokens[..end]]), $"KV up to {end} is not that of its hash");
        _kv = first <= _kv ? end : _kv;
    }

    private void Cut(int length)
    {
        for (var excess = _tokens.Count - length; excess > 0;)
        {
            var step = _steps[^1];
            _steps.RemoveAt(_steps.Count - 1);
            if (step > excess)
            {
                _steps.Add(step - excess);
            }

            excess -= Math.Min(step, excess);
        }

        _tokens.RemoveRange(length, _tokens.Count - length);
    }
}
