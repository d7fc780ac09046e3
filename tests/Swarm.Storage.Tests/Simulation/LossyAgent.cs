using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>An agent that appends to a context of its own over a store that is lost meanwhile, and remembers what it was told after that.</summary>
internal sealed class LossyAgent(World world, StoreLossExploration run, int index, Func<SimulatedSilo> pickSilo)
{
    private static readonly TimeSpan _callTimeout = TimeSpan.FromSeconds(1);
    private readonly ContextSpec _spec = new("t", $"c{index}", SmallModel.Descriptor, SmallModel.BlockTokens);
    private readonly List<int> _view = [];
    private SimulatedSilo _home = pickSilo();
    private SessionProof? _proof;
    private int[] _owed = [];
    private bool _isOwedToBeThere;
    private bool _wasThere;
    private int _tokens = index << 20;
    private int _steps;

    /// <summary>Lives until it is over.</summary>
    public async Task LiveAsync(Func<bool> isOver)
    {
        while (!isOver())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(1, 120)), world.Time);
            _home = world.Random.Next(12) == 0 ? pickSilo() : _home;
            var store = _home.Store;
            try
            {
                await StepAsync(store, ++_steps).WaitAsync(_callTimeout, world.Time);
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code is RefusalCode.StaleEpoch or RefusalCode.Gap or RefusalCode.Conflict)
            {
                Forget();
            }
            catch (Exception error) when (error is TimeoutException or SwarmRefusedException)
            {
                _steps++;
                if (world.Random.Next(3) == 0)
                {
                    Forget(); // As its successor would: what is not known to be durable is not counted on.
                }
            }
        }
    }

    /// <summary>What was left, and what was acknowledged since, is there; and the context goes on.</summary>
    /// <param name="was">A silo over what was left.</param>
    /// <param name="now">One over what is there in the end.</param>
    public async Task CheckAsync(ContextStore was, ContextStore now)
    {
        var left = await ReadAsync(was);
        var found = await ReadAsync(now);
        run.Require(found is not null || (left is null && !_isOwedToBeThere), $"{_spec.Name} is not there in the end");
        run.Require(
            found is null || found.AsSpan().StartsWith(_owed),
            $"{_spec.Name} has {found?.Length} tokens in the end; {_owed.Length} were acknowledged after the loss");
        run.Require(
            left is null || found.AsSpan().StartsWith(left),
            $"{_spec.Name} has {found?.Length} tokens in the end; {left?.Length} were left");
        await now.CreateAsync(_spec, default);
        var context = await now.OpenAsync(_spec.Id, default);
        run.Require(context is not null, $"{_spec.Name} cannot be made any more");
        var secret = Secret();
        var grant = await context!.AcquireAsync(new AcquireRequest("last", secret, context.Status.Epoch), default);
        await context.AppendInputsAsync(
            new SessionProof(grant.Epoch, secret), new InputRun(grant.Durable.Tokens, new[] { 1 }, new[] { 1 }), [], default);
    }

    private async Task<int[]?> ReadAsync(ContextStore store)
    {
        try
        {
            return await store.OpenAsync(_spec.Id, default) is { } context ? await ReadAsync(context) : null;
        }
        catch (SwarmRefusedException refused)
        {
            run.Require(false, $"{_spec.Name} cannot be opened in the end: {refused.Message}");
            return null;
        }
    }

    private static async Task<int[]> ReadAsync(IOpenContext context)
    {
        var tokens = new List<int>();
        await foreach (var inputs in context.ReadInputsAsync(0, context.Status.Durable.Tokens, default))
        {
            tokens.AddRange(inputs.Tokens.Span);
        }

        return [.. tokens];
    }

    /// <summary>A step; what comes of it once it was given up is not looked at.</summary>
    private async Task StepAsync(ContextStore store, int step)
    {
        var context = await store.OpenAsync(_spec.Id, default);
        if (context is null)
        {
            if (_steps != step)
            {
                return;
            }

            if (_wasThere)
            {
                run.SaidMissing(store, _spec.Name);
                Forget();
            }

            await store.CreateAsync(_spec, default);
            if (_steps == step)
            {
                Told(store, 0, run.IsJudged);
            }

            context = await store.OpenAsync(_spec.Id, default);
        }

        if (context is null || _steps != step)
        {
            return;
        }

        _wasThere = true;
        if (_proof is not { } proof)
        {
            await AcquireAsync(store, context, step);
            return;
        }

        int[] tokens = [.. Enumerable.Range(0, 1 + world.Random.Next(3)).Select(_ => _tokens++)];
        await context.AppendInputsAsync(proof, new InputRun(_view.Count, tokens, SmallModel.OneStepEach(tokens.Length)), [], default);
        if (_steps != step)
        {
            return;
        }

        _view.AddRange(tokens);
        Told(store, _view.Count, run.IsJudged);
    }

    private async Task AcquireAsync(ContextStore store, IOpenContext context, int step)
    {
        var secret = Secret();
        var grant = await context.AcquireAsync(new AcquireRequest($"a{index}", secret, context.Status.Epoch), default);
        var isJudged = run.IsJudged;
        var view = await ReadAsync(context);
        if (_steps != step)
        {
            return;
        }

        _view.Clear();
        _view.AddRange(view);
        _proof = new SessionProof(grant.Epoch, secret);
        Told(store, _view.Count, isJudged);
    }

    private void Told(ContextStore store, int length, bool isJudged)
    {
        run.Acknowledged(store);
        if (isJudged)
        {
            Trace.Write(world, _spec.Name, $"told after the loss: {length} tokens");
            _isOwedToBeThere = true;
            _owed = [.. _view.Take(length)];
        }
    }

    private void Forget()
    {
        _proof = null;
        _view.Clear();
    }

    private Digest256 Secret()
    {
        var bytes = new byte[Digest256.SizeBytes];
        world.Random.NextBytes(bytes);
        return new Digest256(bytes);
    }
}
