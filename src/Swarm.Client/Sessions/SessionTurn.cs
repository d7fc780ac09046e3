using System.Diagnostics.CodeAnalysis;
using Swarm.Client.Streaming;

namespace Swarm.Client.Sessions;

/// <summary>Who may change a session: one call at a time, in the order in which they came, and none while a stream of tokens is open.</summary>
/// <remarks>
/// A stream has the turn during its steps alone. Between them whoever ends the session can have it, and every other call is refused, not made to wait:
/// a call from within the stream's loop would wait for itself.
/// </remarks>
/// <param name="context">Context name, for messages.</param>
/// <param name="state">Whether the session is over.</param>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing, and calls may wait for the turn of a session that ends.")]
internal sealed class SessionTurn(string context, SessionState state)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile bool _isClosing;
    private volatile bool _isStreaming;

    /// <summary>From now on calls are refused: the session is being closed.</summary>
    public void NoteClosing() => _isClosing = true;

    /// <summary>Waits for the turn of a call that changes the session.</summary>
    /// <exception cref="InvalidOperationException">A stream of tokens is open, or the context was given back.</exception>
    /// <exception cref="ObjectDisposedException">The session has ended.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        await EnterBesideStreamAsync(cancellationToken).ConfigureAwait(false);
        if (_isStreaming)
        {
            Leave();
            ThrowStreaming();
        }
    }

    /// <summary>The same for a call that may come between the tokens of a stream.</summary>
    public async ValueTask EnterBesideStreamAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosing();
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            state.ThrowIfOver();
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>Waits for the turn, whatever became of the session.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _turn.WaitAsync(cancellationToken);

    /// <summary>Ends a turn.</summary>
    public void Leave() => _turn.Release();

    /// <summary>Throws if the session is being closed.</summary>
    public void ThrowIfClosing() => ObjectDisposedException.ThrowIf(_isClosing, typeof(AgentMemory));

    /// <summary>Throws if the session is over.</summary>
    public void ThrowIfOver() => state.ThrowIfOver();

    /// <summary>Begins a stream of tokens. Its owner has the turn.</summary>
    public void OpenStream() => _isStreaming = true;

    /// <summary>Ends the stream; none of its steps runs.</summary>
    public void CloseStream() => _isStreaming = false;

    /// <summary>Takes the turn for a step of the open stream, on the thread of the session's steps: it waits for a call that is being refused, or for the session's end.</summary>
    public void EnterStep() => _turn.Wait();

    [DoesNotReturn]
    private void ThrowStreaming() => throw new InvalidOperationException(
        $"A stream of tokens is open on context '{context}': leave its await foreach, or dispose of its enumerator, before the next call.");
}
