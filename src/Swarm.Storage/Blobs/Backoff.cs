namespace Swarm.Storage.Blobs;

/// <summary>Pauses between tries: doubling from 10 ms to 2 s.</summary>
internal static class Backoff
{
    /// <summary>The pause after a number of failed tries.</summary>
    /// <param name="attempt">Failed tries, from 1.</param>
    public static TimeSpan After(int attempt) =>
        TimeSpan.FromMilliseconds(Math.Min(2000, 10 << Math.Min(attempt - 1, 8)));
}
