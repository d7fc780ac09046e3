namespace Swarm.Client.Control;

/// <summary>Tasks that nobody may be waiting for when they fail.</summary>
internal static class TaskExtensions
{
    /// <summary>Marks a task's exception as seen: whoever waits still gets it, and where nobody does, the failure was reported elsewhere.</summary>
    /// <param name="task">The task.</param>
    /// <returns>The task itself.</returns>
    public static TTask Observed<TTask>(this TTask task)
        where TTask : Task
    {
        _ = task.ContinueWith(
            static ended => _ = ended.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return task;
    }
}
