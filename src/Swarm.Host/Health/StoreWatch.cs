using Swarm.Host.Startup;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Health;

/// <summary>Looks every few seconds whether the store answers.</summary>
internal sealed class StoreWatch(IBlobStore store, TimeProvider timeProvider, ILogger<StoreWatch> logger) : BackgroundService
{
    private readonly byte[] _buffer = new byte[1];
    private string? _fault;
    private long _lastAnswer = timeProvider.GetTimestamp(); // It was tried before the host was built.

    /// <summary>How old the last answer may be while the store counts as reachable.</summary>
    public static TimeSpan MaxAge => TimeSpan.FromSeconds(15);

    /// <summary>Time since the store last answered.</summary>
    public TimeSpan Age => timeProvider.GetElapsedTime(Volatile.Read(ref _lastAnswer));

    /// <summary>What it answered last, when that was a fault; <see langword="null"/> when all is well.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    private static TimeSpan Period => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, timeProvider);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // No such object: the answer is what counts.
                await store.ReadAsync($"{StoreProbe.Prefix}none", 0, _buffer, stoppingToken).WaitAsync(MaxAge, stoppingToken);
                Volatile.Write(ref _lastAnswer, timeProvider.GetTimestamp());
                Volatile.Write(ref _fault, null);
            }
            catch (Exception exception) when (exception is BlobStoreException or TimeoutException)
            {
                Volatile.Write(ref _fault, exception.Message);
                Log.StoreUnreachable(logger, Age.TotalMilliseconds, exception.Message);
            }
        }
    }
}
