using System.Diagnostics;
using DroneHandoff.Messages;
using DroneHandoff.Options;
using DroneHandoff.Outcome;
using DroneHandoff.Processes;
using DroneHandoff.Reports;
using DroneHandoff.Roles;
using DroneHandoff.Tokens;

namespace DroneHandoff.Orchestration;

/// <summary>The play: a predecessor streams and leaves, successors take its place, a twin says what was right.</summary>
/// <param name="options">What the user asked for.</param>
/// <param name="folder">The run's folder.</param>
/// <param name="silo">The running silo.</param>
/// <param name="sensor">The sensor's readings.</param>
/// <param name="progress">Where progress is told.</param>
internal sealed class HandoffRun(
    DemoOptions options, RunFolder folder, SiloProcess silo, SensorFeed sensor, ProgressLog progress)
{
    // How long the silo must not have heard from a crashed drone, and a little more to be sure of it.
    private const double SilenceSeconds = 2;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(SilenceSeconds + 0.5);

    // The drone and its twin take turns of this many readings, so that a busy machine is unfair to neither.
    private const int TurnReadings = 16;
    private const int TurnsBetweenReports = 4;

    private readonly long _targetReadings = RunLength.TargetReadings(options.Positions);
    private readonly List<(double[] WithSwarm, double[] Alone)> _turns = [];

    /// <summary>Runs the play.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>Everything that was found out.</returns>
    /// <exception cref="DemoException">A process failed.</exception>
    public async Task<HandoffResult> RunAsync(CancellationToken cancellationToken)
    {
        progress.Say("drone A and its twin load the model");
        var (twin, model) = await StartAsync("twin", RoleNames.Twin, cancellationToken);
        await using var twinLife = twin;
        var (a, _) = await StartAsync("drone-a", RoleNames.AgentA, cancellationToken);
        await using var aLife = a;
        var opened = await a.ReadAsync<OpenedEvent>(Patience.Answer, cancellationToken);
        progress.Say(
            $"drone A holds '{Context}' in epoch {opened.Epoch}; the model has {model.Parameters:N0} parameters and "
            + $"{model.KvBytesPerPosition:N0} bytes of KV a position");

        progress.Say("drone B loads the model, and will stand by");
        var (standby, _) = await StartAsync("drone-b-standby", RoleNames.Standby, cancellationToken);
        await using var standbyLife = standby;

        await StreamInTurnsAsync(a, twin, standby, cancellationToken);
        var left = options.Handoff == HandoffKind.Planned
            ? await ReleaseAsync(a, cancellationToken)
            : await CrashAsync(a, cancellationToken);
        var since = Stopwatch.GetTimestamp();

        // Whatever drone A has seen, one more is there for its successors and the twin, whose first step is timed.
        await sensor.WaitForOneMoreAsync(cancellationToken);
        if (options.LosesSilo)
        {
            progress.Say("the silo is killed, and another one starts on the same blobs");
            await silo.LoseAsync(cancellationToken);
            since = Stopwatch.GetTimestamp();
        }

        // Only one can take drone A's memory over as it was left: the other one takes a fork of it over.
        var silence = options.Handoff == HandoffKind.Crash ? SilenceSeconds : 0;
        await AwaitSilenceAsync(standby, left, since, cancellationToken);
        await standby.AskAsync<ForkedEvent>(new ForkCommand(Fork), Patience.Answer, cancellationToken);
        var stoodBy = await TakeOverAsync(
            standby, new TakeOverCommand(Strategies.Standby, silence, 0, 0), cancellationToken);
        var staleAppend = await AppendStaleAsync(a, opened, stoodBy, cancellationToken);
        var rehydrated = await SucceedAsync(
            new TakeOverCommand(Strategies.Rehydrate, silence, 0, 0), Fork, cancellationToken);
        var rePrefilled = await SucceedAsync(
            new TakeOverCommand(Strategies.RePrefill, 0, rehydrated.Positions, rehydrated.Readings),
            Context,
            cancellationToken);
        var cold = await SucceedAsync(
            new TakeOverCommand(Strategies.Cold, 0, 0, rehydrated.Readings), Context, cancellationToken);

        progress.Say("the twin comes to the same place");
        await AdvanceAsync(twin, rehydrated.Readings, cancellationToken);
        var reference = await twin.AskAsync<ContinuedEvent>(new ContinueCommand(), Patience.Work, cancellationToken);
        await twin.SendAsync(new FinishCommand(), cancellationToken);
        return new HandoffResult(
            model,
            left,
            opened.Epoch,
            [stoodBy, rehydrated, rePrefilled, cold],
            reference,
            staleAppend,
            StepTimes.Compare(_turns));
    }

    private string Context => $"track/vehicle-17/{folder.RunId}";

    private string Fork => $"{Context}/as-left";

    private Task<(RoleProcess Role, ReadyEvent Ready)> StartAsync(
        string name, string role, CancellationToken cancellationToken) =>
        StartAsync(name, role, Context, cancellationToken);

    private Task<(RoleProcess Role, ReadyEvent Ready)> StartAsync(
        string name, string role, string context, CancellationToken cancellationToken) =>
        RoleProcess.StartAsync(
            name,
            role,
            new RoleSettings(
                options.Model,
                options.Seed,
                RunLength.Wanted(options.Positions, options.Handoff),
                sensor.Path,
                silo.Address,
                silo.DataPlane,
                context),
            folder,
            cancellationToken);

    // The twin never goes beyond what is durable: wherever a crash leaves off, it can still come to that place.
    // The standby has all that is durable before the twin's turn, so that its work is on the drone's clock and not on the twin's.
    private async Task StreamInTurnsAsync(
        RoleProcess a, RoleProcess twin, RoleProcess standby, CancellationToken cancellationToken)
    {
        for (var readings = 0L; readings < _targetReadings;)
        {
            readings = Math.Min(readings + TurnReadings, _targetReadings);
            await sensor.WaitForAsync(readings, cancellationToken); // Here, not in the steps, which are timed.
            var withSwarm = await AdvanceAsync(a, readings, cancellationToken);
            var at = withSwarm.Progress;
            var held = await standby.AskAsync<FollowedEvent>(
                new FollowCommand(at.DurableTokens, at.DurableKv), Patience.Answer, cancellationToken);
            if (_turns.Count % TurnsBetweenReports == 0 || readings == _targetReadings)
            {
                progress.Say(
                    $"drone A: {at.Positions:N0} of {options.Positions:N0} positions, durable {at.DurableTokens:N0} tokens, "
                    + $"{at.DurableKv:N0} KV; the standby holds {held.Kv:N0}");
            }

            var alone = await AdvanceAsync(twin, readings, cancellationToken);
            _turns.Add((withSwarm.StepMs, alone.StepMs));
        }
    }

    private static Task<AdvancedEvent> AdvanceAsync(RoleProcess role, long readings, CancellationToken cancellationToken) =>
        role.AskAsync<AdvancedEvent>(new AdvanceCommand(readings), Patience.Work, cancellationToken);

    private async Task<ProgressEvent> ReleaseAsync(RoleProcess a, CancellationToken cancellationToken)
    {
        var released = await a.AskAsync<ReleasedEvent>(
            new ReleaseCommand(SuccessorRole.AgentName), Patience.Answer, cancellationToken);
        progress.Say($"drone A released its memory of {released.Progress.Positions:N0} positions to drone B");
        return released.Progress;
    }

    // In mid-stream: a seeded number of readings later, at whatever it is doing then.
    private async Task<ProgressEvent> CrashAsync(RoleProcess a, CancellationToken cancellationToken)
    {
        var killAt = _targetReadings + new Random(options.Seed).Next(1, RunLength.MaxCrashDelayReadings + 1);
        await sensor.WaitForAsync(killAt, cancellationToken);
        await a.SendAsync(new StreamCommand(), cancellationToken);
        var last = await a.ReadAsync<ProgressEvent>(Patience.Answer, cancellationToken);
        while (last.Readings < killAt)
        {
            last = await a.ReadAsync<ProgressEvent>(Patience.Answer, cancellationToken);
        }

        last = await a.KillAsync(cancellationToken) ?? last;
        progress.Say(
            $"drone A was killed at {last.Positions:N0} positions; acknowledged were {last.DurableTokens:N0} tokens and "
            + $"{last.DurableKv:N0} KV");
        return last;
    }

    // Whoever lost the silo has found the new one by then, which counts the silence from when it opened the context.
    private async Task AwaitSilenceAsync(
        RoleProcess standby, ProgressEvent left, long since, CancellationToken cancellationToken)
    {
        var held = await standby.AskAsync<FollowedEvent>(
            new FollowCommand(left.DurableTokens, left.DurableKv), Patience.Answer, cancellationToken);
        progress.Say($"drone B stands by with {held.Tokens:N0} inputs and {held.Kv:N0} positions' KV");
        if (options.Handoff == HandoffKind.Crash && _silence - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } rest)
        {
            await Task.Delay(rest, cancellationToken);
        }
    }

    private async Task<TookOverEvent> SucceedAsync(
        TakeOverCommand command, string context, CancellationToken cancellationToken)
    {
        progress.Say($"drone B starts: {command.Strategy}");
        var (b, _) = await StartAsync($"drone-b-{command.Strategy}", RoleNames.AgentB, context, cancellationToken);
        await using var life = b;
        return await TakeOverAsync(b, command, cancellationToken);
    }

    private async Task<TookOverEvent> TakeOverAsync(
        RoleProcess b, TakeOverCommand command, CancellationToken cancellationToken)
    {
        var tookOver = await b.AskAsync<TookOverEvent>(command, Patience.Work, cancellationToken);
        await b.SendAsync(new FinishCommand(), cancellationToken);
        progress.Say($"drone B, {command.Strategy}: first token after {tookOver.TimeToFirstTokenMs:N1} ms");
        return tookOver;
    }

    // Planned: drone A itself, that is still there. Crash: another process with what drone A knew.
    private async Task<StaleAppendEvent> AppendStaleAsync(
        RoleProcess a, OpenedEvent session, TookOverEvent successor, CancellationToken cancellationToken)
    {
        var command = new AppendStaleCommand(
            session.Epoch, session.Secret, successor.Positions, [TokenVocabulary.Reading, TokenVocabulary.NoFix]);
        if (options.Handoff == HandoffKind.Planned)
        {
            progress.Say("drone A wakes up as a zombie and appends");
            var answer = await a.AskAsync<StaleAppendEvent>(command, Patience.Answer, cancellationToken);
            await a.SendAsync(new FinishCommand(), cancellationToken);
            return answer;
        }

        progress.Say("drone A's session is replayed by another process, and appends");
        var (zombie, _) = await StartAsync("zombie", RoleNames.AgentB, cancellationToken);
        await using var life = zombie;
        var replayed = await zombie.AskAsync<StaleAppendEvent>(command, Patience.Answer, cancellationToken);
        await zombie.SendAsync(new FinishCommand(), cancellationToken);
        return replayed;
    }
}
