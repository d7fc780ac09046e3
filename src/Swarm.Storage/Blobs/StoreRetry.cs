namespace Swarm.Storage.Blobs;

/// <summary>The one way in which an operation of the store is repeated whose repetition is harmless: after transient faults, with <see cref="Backoff"/>.</summary>
internal static class StoreRetry
{
    /// <summary>Most tries.</summary>
    public const int Tries = 5;

    /// <summary>Runs an operation until it succeeds, or fails for good.</summary>
    /// <param name="time">Clock of the pauses.</param>
    /// <param name="operation">The operation; repeated as it is.</param>
    /// <param name="metrics">Counts what is tried again; <see langword="null"/> for nobody.</param>
    /// <param name="failed">Called after each failed try that is followed by another one.</param>
    /// <returns>What the operation returned.</returns>
    /// <exception cref="BlobStoreException">Every try failed, or the fault will not pass.</exception>
    public static async Task<T> RetryAsync<T>(this TimeProvider time, Func<Task<T>> operation, StorageMetrics? metrics, Action? failed = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await operation();
            }
            catch (BlobStoreException fault) when (fault.IsTransient && attempt < Tries)
            {
                metrics?.Retries.Add(1);
                failed?.Invoke();
                await Task.Delay(Backoff.After(attempt), time);
            }
        }
    }
}

/// <summary>Pauses between tries: doubling from 10 ms to 2 s.</summary>
internal static class Backoff
{
    /// <summary>The pause after a number of failed tries.</summary>
    /// <param name="attempt">Failed tries, from 1.</param>
    public static TimeSpan After(int attempt) =>
        TimeSpan.FromMilliseconds(Math.Min(2000, 10 << Math.Min(attempt - 1, 8)));
}
