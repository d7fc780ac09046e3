using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Following;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Sessions;

/// <summary>Acquires contexts, and waits for their holders.</summary>
internal sealed class ContextAcquirer(ControlPlane control, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan WaitingLogInterval = TimeSpan.FromSeconds(30);

    /// <summary>Acquires; the same secret makes repeats harmless.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="waits">Whether it waits while another session holds the context.</param>
    /// <param name="follower">What has followed the context, if anything: it hears at once that the session is over, and computes ahead.</param>
    /// <param name="prefetch">What follows the context only while it is waited for; <see langword="null"/>: nothing.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    /// <returns>The grant, and when it was asked for.</returns>
    public async Task<(ContextLease Lease, long Started)> AcquireAsync(
        AcquireContext request, bool waits, ContextFollower? follower, ContextFollower? prefetch, CancellationToken cancellationToken)
    {
        var failing = time.GetTimestamp();
        long? told = null;
        var unanswered = 0;
        var isReleased = false;
        for (var attempt = 0; ; attempt++)
        {
            var started = time.GetTimestamp();
            if (request.Mode == AcquireMode.Force || isReleased)
            {
                follower?.ComputeAhead();
            }

            var changed = follower?.Progress.EpochChanged; // Before the request, so that no change slips between.
            TimeSpan retryAfter = default;
            try
            {
                return (await control.AcquireAsync(request, unanswered, cancellationToken).ConfigureAwait(false), started);
            }
            catch (ContextOwnedException owned) when (waits)
            {
                failing = time.GetTimestamp(); // An answer: only the holder is waited for.
                unanswered = 0;
                retryAfter = owned.Refusal.RetryAfter;
                if (prefetch is not null && follower is null)
                {
                    follower = await TryPrefetchAsync(prefetch, request.Context, cancellationToken).ConfigureAwait(false) ? prefetch : null;
                    prefetch = null; // Once, whatever comes of it.
                    continue;
                }

                if (told is not { } before || time.GetElapsedTime(before) >= WaitingLogInterval)
                {
                    told = failing;
                    ClientLog.Waiting(logger, request.Context, owned.Message);
                }
            }
            catch (Exception exception) when (control.MayRepeat(exception, failing))
            {
                unanswered++; // Once more, with the same secret.
            }

            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var delay = control.DelayAsync(attempt, pause.Token, retryAfter);
            await (changed is null ? delay : Task.WhenAny(delay, changed)).ConfigureAwait(false);
            await pause.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            isReleased = changed is { IsCompleted: true };
        }
    }

    /// <summary>Reads a context along while its holder is waited for. Nothing is granted by it.</summary>
    private async Task<bool> TryPrefetchAsync(ContextFollower prefetch, string context, CancellationToken cancellationToken)
    {
        try
        {
            await prefetch.AttachFirstAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is SwarmRefusedException or SwarmTransportException or ArgumentException)
        {
            ClientLog.NotPrefetched(logger, context, exception.Message); // What is wrong is said when it is acquired.
            return false;
        }
    }
}
