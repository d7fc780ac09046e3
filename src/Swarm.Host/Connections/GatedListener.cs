using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Swarm.Host.Connections;

/// <summary>
/// A listener that takes no connection while its gate has no place: what waits with the system has no file yet. Taken first and refused
/// then, a burst of connections would use up the files before the refusals come to run.
/// </summary>
/// <param name="inner">The listener.</param>
/// <param name="gate">The port's gate.</param>
internal sealed class GatedListener(IConnectionListener inner, ConnectionGate gate) : IConnectionListener
{
    private readonly CancellationTokenSource _unbound = new();

    /// <inheritdoc/>
    public EndPoint EndPoint => inner.EndPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _unbound.Token);
        try
        {
            await gate.EnterAsync(ended.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null; // Unbound.
        }

        ConnectionContext? connection = null;
        try
        {
            return connection = await inner.AcceptAsync(cancellationToken);
        }
        finally
        {
            gate.Hold(connection);
        }
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _unbound.CancelAsync();
        await inner.UnbindAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _unbound.CancelAsync();
        await inner.DisposeAsync();
    }
}
