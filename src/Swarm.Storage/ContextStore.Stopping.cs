using Swarm.Storage.Hosting;
using Swarm.Storage.Log;

namespace Swarm.Storage;

/// <content>Closes and ends contexts, one by one, or all of them: when the silo stops, and when a log or the store is lost.</content>
public sealed partial class ContextStore
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly CancellationTokenSource _givenUp = new();
    private int _stopBegan;

    /// <summary>
    /// Starts the clock of a stop: what is not closed within <see cref="ContextStoreOptions.StopTimeout"/>, because the store is
    /// full or away, is given up. What was acknowledged is in the log; what was not, agents repeat.
    /// </summary>
    public void BeginStop()
    {
        if (Interlocked.Exchange(ref _stopBegan, 1) == 0)
        {
            _ = GiveUpLaterAsync(_stopped.Token);
        }
    }

    /// <summary>Drains and closes every context, and ends the log, in the time that is left of a stop.</summary>
    /// <returns>A task that ends when all is closed, or given up.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        BeginStop();
        await _stopping.CancelAsync();
        await _services.Loop.RunAsync(async () =>
        {
            foreach (var context in Snapshot())
            {
                await CloseAsync(context.Incarnation);
            }

            _writers.Present?.Fence("this silo stops");
        });
        await IfNotGivenUpAsync(_maintenance.DisposeAsync().AsTask());
        EndStop();
        _disk?.Dispose();
        _metrics.Dispose();
        _stopping.Dispose();
        _stopped.Dispose();
    }

    private void EndStop() => _stopped.Cancel();

    private async Task GiveUpLaterAsync(CancellationToken stopped)
    {
        try
        {
            await Task.Delay(_services.Options.StopTimeout, _services.Time, stopped);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await _services.Loop.RunAsync(GiveUpAsync);
    }

    private Task GiveUpAsync()
    {
        const string Reason = "this silo stops, and the store does not take what is left";
        StorageLog.StopGivenUp(
            _services.Logger, Snapshot().Length, _services.Options.StopTimeout.TotalSeconds, StoreFault ?? "it does not answer");
        _writers.Fence(Reason);
        foreach (var context in Snapshot())
        {
            End(context.Incarnation, Reason);
        }

        _givenUp.Cancel();
        return Task.CompletedTask;
    }

    /// <summary>Waits for work, unless the stop takes too long; then it is left to itself.</summary>
    private async Task IfNotGivenUpAsync(Task work)
    {
        try
        {
            await work.WaitAsync(_givenUp.Token);
        }
        catch (OperationCanceledException) when (_givenUp.IsCancellationRequested)
        {
            // It was logged.
        }
    }

    private async Task CloseAsync(ContextIncarnation incarnation)
    {
        await IfNotGivenUpAsync(_checkpointer.CloseAsync(incarnation));
        if (incarnation.IsEnding)
        {
            Drop(incarnation, "no agent uses it, another silo asked for it, or this silo stops");
        }
    }

    private async Task<bool> IsCurrentAsync(ContextIncarnation incarnation)
    {
        if (await _checkpointer.IsCurrentAsync(incarnation))
        {
            return true;
        }

        _metrics.Fences.Add(1, StorageMetrics.Tag(StorageMetrics.FenceKey, "incarnation"));
        End(incarnation, "another silo has opened it");
        return false;
    }

    private void Drop(ContextIncarnation incarnation, string reason)
    {
        lock (_open)
        {
            if (!_open.TryGetValue(incarnation.Id, out var context) || context.Incarnation != incarnation)
            {
                return;
            }

            _open.Remove(incarnation.Id);
        }

        StorageLog.ContextClosed(_services.Logger, Names.Label(incarnation.Id), reason.TrimEnd('.'));
    }

    private void End(ContextIncarnation incarnation, string reason)
    {
        incarnation.End();
        Drop(incarnation, reason);
    }

    /// <summary>Everything ends: what is in memory is about another store.</summary>
    private void OnStoreLost(string reason)
    {
        _writers.Fence(reason);
        foreach (var context in Snapshot())
        {
            End(context.Incarnation, reason);
        }
    }

    private void OnWriterLost(LogWriter writer, string reason)
    {
        var dropped = Snapshot().Where(context => context.Incarnation.Writer == writer).ToArray();
        _metrics.WritersLost.Add(1);
        if (_stopping.IsCancellationRequested && dropped.Length == 0)
        {
            StorageLog.WriterEnds(_services.Logger, writer.Id, reason.TrimEnd('.'));
        }
        else
        {
            StorageLog.WriterFenced(_services.Logger, writer.Id, reason.TrimEnd('.'), dropped.Length);
        }

        foreach (var context in dropped)
        {
            End(context.Incarnation, reason);
        }
    }
}
