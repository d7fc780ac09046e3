using Swarm.DataPlane.Client;

namespace Swarm.Client.Streaming;

/// <summary>Looks elsewhere while a silo says nothing: what hangs does not close its connections.</summary>
/// <remarks>
/// A long upload over a slow link is silent too, so silence alone ends nothing: the session leaves the connection when the
/// grain says that the context is on another silo, which is so once this one was declared dead. Sessions that share the
/// connection watch for themselves: one context may be elsewhere while another is still there.
/// </remarks>
/// <param name="link">The session's way to its context.</param>
/// <param name="options">Settings.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class SiloWatch(SessionLink link, MemoryOptions options, TimeProvider timeProvider)
{
    /// <summary>Watches until the context is elsewhere.</summary>
    /// <exception cref="SwarmTransportException">It is.</exception>
    public async Task RunAsync(DataPlaneSession session, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(options.SiloSilence / 4, timeProvider, cancellationToken).ConfigureAwait(false);
            if (session.Silence >= options.SiloSilence
                && await FindElsewhereAsync(cancellationToken).ConfigureAwait(false) is { } endpoint)
            {
                link.Suspect();
                throw new SwarmTransportException($"the silo is silent, and the context on {endpoint}", isTransient: true);
            }
        }
    }

    /// <summary>Does something with the silo for as long as the context is there.</summary>
    /// <exception cref="SwarmTransportException">The context is elsewhere by now; what became of the work is not known.</exception>
    public async Task<T> WhileHereAsync<T>(
        DataPlaneSession session, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var working = work(over.Token);
        var watching = RunAsync(session, over.Token);
        var first = await Task.WhenAny(working, watching).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(working, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
        return await working.ConfigureAwait(false);
    }

    private async Task<string?> FindElsewhereAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await link.FindElsewhereAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SwarmRefusedException or SwarmTransportException)
        {
            return null; // Nobody knows: it may still be here.
        }
    }
}
