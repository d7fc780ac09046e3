using Swarm.DataPlane.Client;

namespace Swarm.Client.Streaming;

/// <summary>Hears the pushes of one attachment.</summary>
/// <param name="state">The session's state.</param>
/// <param name="context">Context name, for messages.</param>
/// <param name="isRewinding">Whether the session has asked for a rewind whose outcome it does not know.</param>
internal sealed class SessionObserver(SessionState state, string context, Func<bool> isRewinding) : IDataPlaneObserver, IDisposable
{
    private readonly CancellationTokenSource _over = new();

    /// <summary>Cancelled when the attachment is over, for whatever reason.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Why it is over.</summary>
    public string Reason { get; private set; } = "";

    public void OnDurable(Epoch epoch, Watermarks durable) => state.Note(epoch, durable);

    public void OnFenced(Epoch current)
    {
        End("fenced");
        if (current > state.Epoch && !IsPerhapsOwnRewind(current))
        {
            state.Fence(new Refusal(
                RefusalCode.StaleEpoch,
                $"Epoch {state.Epoch} of context '{context}' is stale: another session has it, in epoch {current}. This session is over; "
                + "OpenOrTakeOverAsync opens the context anew.",
                current));
        }
    }

    /// <summary>A rewind raises the epoch by one: the next attachment finds out whether it was that.</summary>
    private bool IsPerhapsOwnRewind(Epoch current) => isRewinding() && current == state.Epoch.Next;

    public void OnMoved() => End("the context moved");

    public void OnLost(Exception exception) => End(exception.Message);

    public void Dispose() => _over.Dispose();

    private void End(string reason)
    {
        Reason = reason;
        _ = _over.CancelAsync(); // What follows must not run on the connection's reader, which other sessions share.
    }
}
