using System.Buffers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Swarm.Silo.Stores;
using Swarm.Storage;
using Swarm.Storage.Blobs;

namespace Swarm.Silo.Health;

/// <summary>Looks every few seconds whether the store answers and is still the one that it was, and while writes fail, whether it takes one again.</summary>
internal sealed class StoreWatch(WatchedBlobStore store, ContextStore contexts, TimeProvider timeProvider, ILogger<StoreWatch> logger)
    : BackgroundService
{
    private readonly byte[] _buffer = new byte[1];
    private readonly string _probe = $"{StoreTrial.Prefix}{Guid.NewGuid():n}";
    private string? _fault;
    private bool _isFailing;
    private bool _isGone;
    private long _lastAnswer = timeProvider.GetTimestamp(); // It was tried before the host was built.

    /// <summary>How old the last answer may be while the store counts as reachable.</summary>
    public static TimeSpan MaxAge => TimeSpan.FromSeconds(15);

    /// <summary>For how long writes may fail while the silo counts as ready: a store may be busy for a moment.</summary>
    public static TimeSpan WriteGrace => TimeSpan.FromSeconds(5);

    /// <summary>Time since the store last answered.</summary>
    public TimeSpan Age => timeProvider.GetElapsedTime(Volatile.Read(ref _lastAnswer));

    /// <summary>What it answered last, when that was a fault; <see langword="null"/> when all is well.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>What is known of writes that fail; <see langword="null"/> when all is well.</summary>
    public WriteFailure? WriteFailure => store.Failure;

    /// <summary>Whether it answered last that it cannot be used: its container or folder is gone, say, or the credential is refused.</summary>
    public bool IsGone => Volatile.Read(ref _isGone);

    /// <summary>What became of the store when it was emptied, replaced or set back under the silo; <see langword="null"/> otherwise.</summary>
    public string? Replaced => contexts.StoreReplaced;

    private static TimeSpan Period => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await WatchAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, or did not start: no failure of this.
        }
    }

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, timeProvider);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // No such object: the answer is what counts.
                await store.ReadAsync($"{StoreTrial.Prefix}none", 0, _buffer, stoppingToken).WaitAsync(MaxAge, stoppingToken);
                await contexts.CheckStoreAsync(stoppingToken).WaitAsync(MaxAge, stoppingToken);
                Volatile.Write(ref _lastAnswer, timeProvider.GetTimestamp());
                Volatile.Write(ref _fault, null);
                Volatile.Write(ref _isGone, false);
                await TryWriteAsync(stoppingToken);
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.StoreReplaced)
            {
                return; // For good, and said by the store itself.
            }
            catch (Exception exception) when (exception is BlobStoreException or SwarmRefusedException or TimeoutException)
            {
                Volatile.Write(ref _fault, exception.Message);
                Volatile.Write(ref _isGone, exception is BlobStoreException { IsTransient: false });
                SiloLog.StoreUnreachable(logger, Age.TotalMilliseconds, exception.Message);
            }
        }
    }

    // Agents go elsewhere when a silo is not ready: without a write of one's own it would never be found ready again.
    private async Task TryWriteAsync(CancellationToken stoppingToken)
    {
        if (store.Failure is { } failure)
        {
            if (!_isFailing && failure.Duration > WriteGrace)
            {
                _isFailing = true;
                SiloLog.WritesFail(logger, failure.Duration.TotalSeconds, failure.Faults, failure.LastFault);
            }

            if (failure.Faults > 0)
            {
                await ProbeAsync((int)Math.Min(failure.Bytes, WatchedBlobStore.EnoughBytes), stoppingToken);
            }
        }

        if (_isFailing && store.Failure is null)
        {
            _isFailing = false;
            SiloLog.WritesWork(logger);
        }
    }

    private async Task ProbeAsync(int bytes, CancellationToken stoppingToken)
    {
        try
        {
            var content = new ReadOnlySequence<byte>(new byte[bytes]);
            await store.CreateAsync(_probe, content, stoppingToken).WaitAsync(MaxAge, stoppingToken);
            await store.DeleteAsync(_probe, stoppingToken).WaitAsync(MaxAge, stoppingToken);
        }
        catch (Exception exception) when (exception is BlobStoreException or TimeoutException)
        {
            // The store keeps count of it.
        }
    }
}
