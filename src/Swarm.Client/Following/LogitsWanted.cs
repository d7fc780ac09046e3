using Swarm.Client.Streaming;

namespace Swarm.Client.Following;

/// <summary>Whether the logits behind the last position are to be computed while a context is followed. Thread-safe.</summary>
internal sealed class LogitsWanted
{
    private readonly Pulse _asked = new();
    private volatile bool _isOpen;

    /// <summary>Whether they are, and were not computed yet.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Ends when they are asked for. Take it before <see cref="IsOpen"/> is looked at.</summary>
    public Task Asked => _asked.Next;

    /// <summary>Asks for them.</summary>
    public void Ask()
    {
        _isOpen = true;
        _asked.Fire();
    }

    /// <summary>Notes that they are there, or are not needed any more.</summary>
    public void Withdraw() => _isOpen = false;
}
