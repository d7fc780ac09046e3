using Swarm.Client.Streaming;

namespace Swarm.Client.Following;

/// <summary>Whether the logits behind the last position are to be computed while a context is followed. Thread-safe.</summary>
internal sealed class LogitsWanted
{
    private readonly Pulse _asked = new();
    private readonly Pulse _computed = new();
    private volatile bool _isOpen;
    private volatile bool _isLasting;

    /// <summary>Whether they are, and were not computed yet.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Whether they are for every position that comes, until <see cref="Withdraw"/>.</summary>
    public bool IsLasting => _isLasting;

    /// <summary>Ends when they are asked for. Take it before <see cref="IsOpen"/> is looked at.</summary>
    public Task Asked => _asked.Next;

    /// <summary>Ends when they are there the next time.</summary>
    public Task Computed => _computed.Next;

    /// <summary>Asks for them.</summary>
    /// <param name="isLasting">Whether for every position that comes too.</param>
    public void Ask(bool isLasting)
    {
        _isLasting |= isLasting;
        _isOpen = true;
        _asked.Fire();
    }

    /// <summary>Notes that they are there.</summary>
    public void NoteComputed()
    {
        _isOpen = false;
        _computed.Fire();
    }

    /// <summary>Notes that they are not needed any more.</summary>
    public void Withdraw() => _isOpen = _isLasting = false;
}
