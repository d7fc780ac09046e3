using System.Runtime.CompilerServices;

namespace Swarm.Testing;

/// <summary>Waits for what comes to hold by itself, in another thread or process, and has no event to wait for.</summary>
public static class Poll
{
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    /// <summary>Asks until a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="what">What is waited for, for the message; the condition's text by default.</param>
    /// <exception cref="TimeoutException">It does not hold after a minute.</exception>
    public static Task UntilAsync(
        Func<bool> condition, CancellationToken cancellationToken, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        UntilAsync(() => Task.FromResult(condition()), cancellationToken, what);

    /// <summary>Asks until a condition holds.</summary>
    /// <param name="condition">The condition; what it throws ends the wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="what">What is waited for, for the message; the condition's text by default.</param>
    /// <exception cref="TimeoutException">It does not hold after a minute.</exception>
    public static async Task UntilAsync(
        Func<Task<bool>> condition, CancellationToken cancellationToken, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > _limit)
            {
                throw new TimeoutException($"Not within {_limit}: {what}");
            }

            await Task.Delay(_period, cancellationToken);
        }
    }
}
