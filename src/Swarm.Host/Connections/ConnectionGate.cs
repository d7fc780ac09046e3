using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Swarm.Host.Connections;

/// <summary>Guards one port: connections that never greet end, and there are never more than the files allow.</summary>
/// <remarks>
/// Half of a port's connections may be waiting for their greeting. Where more come, the one that has waited longest ends: peers
/// greet at once, so a flood of idle connections pushes out its own. Where all places are taken by peers that greeted, others wait
/// with the system until one is free.
/// </remarks>
/// <param name="port">Name of the port, for logs and metrics.</param>
/// <param name="most">Most connections at a time.</param>
/// <param name="isGreeting">Whether what was received is a greeting.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="metrics">Counts them.</param>
/// <param name="logger">Where floods are logged, at most once in <see cref="LogPeriod"/>.</param>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing, and connections outlive the services.")]
internal sealed class ConnectionGate(
    string port, int most, Func<ReadOnlySequence<byte>, bool> isGreeting, TimeProvider timeProvider, HostMetrics metrics, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _places = new(most);
    private readonly LinkedList<CancellationTokenSource> _waiting = new();
    private int _full;
    private int _silent;
    private ITimer? _quiet;

    /// <summary>How long a peer may take to greet.</summary>
    public static TimeSpan GreetingTimeout => TimeSpan.FromSeconds(10);

    /// <summary>Shortest time between two log messages about connections that were ended.</summary>
    public static TimeSpan LogPeriod => TimeSpan.FromSeconds(30);

    /// <summary>Takes a place for the next connection, and waits for one where there is none.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when there is a place; <see cref="Hold"/> gives it to a connection.</returns>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        if (!_places.Wait(0, CancellationToken.None))
        {
            Count(isSilent: false);
            await _places.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives the place that was taken to a connection, until it is closed.</summary>
    /// <param name="connection">The connection; <see langword="null"/> when none came.</param>
    public void Hold(ConnectionContext? connection)
    {
        if (connection is null)
        {
            _places.Release();
        }
        else
        {
            connection.ConnectionClosed.UnsafeRegister(static places => ((SemaphoreSlim)places!).Release(), _places);
        }
    }

    /// <summary>Puts the gate before what serves a connection.</summary>
    /// <param name="builder">The port.</param>
    public void Guard(IConnectionBuilder builder) => builder.Use(next => async connection =>
    {
        if (await IsGreetedAsync(connection))
        {
            await next(connection);
        }
    });

    /// <summary>Waits for the greeting, and leaves it to be read.</summary>
    private async Task<bool> IsGreetedAsync(ConnectionContext connection)
    {
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var deadline = new CancellationTokenSource(GreetingTimeout, timeProvider);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, connection.ConnectionClosed, stopping);
        var place = Wait(deadline);
        try
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync(ended.Token);
                var isGreeted = isGreeting(read.Buffer);
                connection.Transport.Input.AdvanceTo(read.Buffer.Start, isGreeted ? read.Buffer.Start : read.Buffer.End);
                if (isGreeted || read.IsCompleted || read.IsCanceled)
                {
                    return isGreeted;
                }
            }
        }
        catch (OperationCanceledException)
        {
            if (deadline.IsCancellationRequested)
            {
                connection.Abort(new ConnectionAbortedException($"No handshake was received within {GreetingTimeout.TotalSeconds} s."));
                Count(isSilent: true);
            }

            return false;
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            return false; // The peer went away.
        }
        finally
        {
            lock (_lock)
            {
                if (place.List is not null)
                {
                    _waiting.Remove(place);
                }
            }
        }
    }

    private LinkedListNode<CancellationTokenSource> Wait(CancellationTokenSource deadline)
    {
        lock (_lock)
        {
            var place = _waiting.AddLast(deadline);
            if (_waiting.Count > Math.Max(1, most / 2))
            {
                var oldest = _waiting.First!;
                _waiting.Remove(oldest);
                oldest.Value.CancelAfter(TimeSpan.Zero); // On a timer: what follows does not run under the lock.
            }

            return place;
        }
    }

    private void Count(bool isSilent)
    {
        metrics.Held(port, isSilent);
        lock (_lock)
        {
            _silent += isSilent ? 1 : 0;
            _full += isSilent ? 0 : 1;
            if (_quiet is null)
            {
                Tell();
                _quiet = timeProvider.CreateTimer(_ => EndQuiet(), null, LogPeriod, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void EndQuiet()
    {
        lock (_lock)
        {
            _quiet!.Dispose();
            _quiet = null;
            if (_silent + _full > 0)
            {
                Tell();
            }
        }
    }

    private void Tell()
    {
        HostLog.ConnectionsHeld(logger, port, _silent, GreetingTimeout.TotalSeconds, _full, most);
        (_silent, _full) = (0, 0);
    }
}
