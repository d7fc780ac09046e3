using Swarm.DataPlane.Client;

namespace Swarm.Client.Following;

/// <summary>Hears the pushes of a follower's attachment.</summary>
/// <param name="noteDurable">Told of each change of the watermarks.</param>
internal sealed class FollowObserver(Action<Epoch, Watermarks> noteDurable) : IDataPlaneObserver, IDisposable
{
    private readonly CancellationTokenSource _over = new();

    /// <summary>Cancelled when the attachment is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Why it is over.</summary>
    public string Reason { get; private set; } = "";

    public void OnDurable(Epoch epoch, Watermarks durable) => noteDurable(epoch, durable);

    public void OnFenced(Epoch current)
    {
        // A follower holds nothing.
    }

    public void OnMoved() => End("the context moved");

    public void OnLost(Exception exception) => End(exception.Message);

    public void Dispose() => _over.Dispose();

    private void End(string reason)
    {
        Reason = reason;
        _ = _over.CancelAsync(); // What follows must not run on the connection's reader, which others share.
    }
}
