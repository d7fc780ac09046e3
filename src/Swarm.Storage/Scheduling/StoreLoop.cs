namespace Swarm.Storage.Scheduling;

/// <summary>The single logical thread on which all control state of a context store lives: no locks, no races.</summary>
/// <remarks>
/// Code on the loop awaits without leaving it (no <c>ConfigureAwait(false)</c> there). A test gives a seeded scheduler and
/// so decides every interleaving.
/// </remarks>
internal sealed class StoreLoop(TaskScheduler scheduler, bool isShared = true)
{
    private readonly TaskFactory _factory = new(
        CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskContinuationOptions.None, scheduler);

    /// <summary>A loop over the thread pool: one piece of work at a time.</summary>
    public static StoreLoop OnThreadPool() => new(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler, isShared: false);

    /// <summary>Runs asynchronous work on the loop.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> work) => _factory.StartNew(work).Unwrap();

    /// <summary>Runs asynchronous work on the loop.</summary>
    public Task RunAsync(Func<Task> work) => _factory.StartNew(work).Unwrap();

    /// <summary>Runs work that computes for long and touches no control state: beside the loop, where the scheduler is the own one.</summary>
    public Task OffloadAsync(Action work) => isShared ? _factory.StartNew(work) : Task.Run(work);

    /// <summary>Runs a short piece of work on the loop.</summary>
    public Task<T> RunAsync<T>(Func<T> work) => _factory.StartNew(work);
}
