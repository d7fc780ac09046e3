using Swarm.Core.Errors;
using Swarm.Host.Startup;
using Swarm.Storage;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Health;

/// <summary>Looks every few seconds whether the store answers, and is still the one that it was.</summary>
internal sealed class StoreWatch(IBlobStore store, ContextStore contexts, TimeProvider timeProvider, ILogger<StoreWatch> logger) : BackgroundService
{
    private readonly byte[] _buffer = new byte[1];
    private string? _fault;
    private bool _isGone;
    private long _lastAnswer = timeProvider.GetTimestamp(); // It was tried before the host was built.

    /// <summary>How old the last answer may be while the store counts as reachable.</summary>
    public static TimeSpan MaxAge => TimeSpan.FromSeconds(15);

    /// <summary>Time since the store last answered.</summary>
    public TimeSpan Age => timeProvider.GetElapsedTime(Volatile.Read(ref _lastAnswer));

    /// <summary>What it answered last, when that was a fault; <see langword="null"/> when all is well.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>Whether it answered last that it cannot be used: its container or folder is gone, say, or the credential is refused.</summary>
    public bool IsGone => Volatile.Read(ref _isGone);

    /// <summary>What became of the store when it was emptied, replaced or set back under the silo; <see langword="null"/> otherwise.</summary>
    public string? Replaced => contexts.StoreReplaced;

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
                await contexts.CheckStoreAsync(stoppingToken).WaitAsync(MaxAge, stoppingToken);
                Volatile.Write(ref _lastAnswer, timeProvider.GetTimestamp());
                Volatile.Write(ref _fault, null);
                Volatile.Write(ref _isGone, false);
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.StoreReplaced)
            {
                return; // For good, and said by the store itself.
            }
            catch (Exception exception) when (exception is BlobStoreException or SwarmRefusedException or TimeoutException)
            {
                Volatile.Write(ref _fault, exception.Message);
                Volatile.Write(ref _isGone, exception is BlobStoreException { IsTransient: false });
                Log.StoreUnreachable(logger, Age.TotalMilliseconds, exception.Message);
            }
        }
    }
}
