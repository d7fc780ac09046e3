using System.Collections.Concurrent;
using Xunit;

namespace Swarm.Testing;

/// <summary>Fails the run if a task of Swarm's failed and nobody looked at its exception.</summary>
/// <remarks>
/// Use as <c>[assembly: AssemblyFixture(typeof(UnobservedTasks))]</c>. A task's exception is found when the task is collected, so the fixture collects
/// at its end. Exceptions of other libraries alone do not count.
/// </remarks>
public sealed class UnobservedTasks : IAsyncLifetime
{
    private readonly ConcurrentQueue<AggregateException> _found = new();

    /// <inheritdoc/>
    public ValueTask InitializeAsync()
    {
        TaskScheduler.UnobservedTaskException += Note;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        TaskScheduler.UnobservedTaskException -= Note;
        var ours = _found.Select(error => error.ToString()).Where(text => text.Contains(" at Swarm.", StringComparison.Ordinal)).ToArray();
        Assert.True(ours.Length == 0, $"{ours.Length} tasks failed and nobody looked:\n{string.Join("\n\n", ours)}");
        return ValueTask.CompletedTask;
    }

    private void Note(object? sender, UnobservedTaskExceptionEventArgs unobserved) => _found.Enqueue(unobserved.Exception);
}
