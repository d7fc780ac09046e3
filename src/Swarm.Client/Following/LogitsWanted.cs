using Swarm.Client.Streaming;

namespace Swarm.Client.Following;

/// <summary>Whether the logits behind the last position are to be computed while a context is followed. Thread-safe.</summary>
internal sealed class LogitsWanted
{
    private readonly Pulse _asked = new();
    private readonly Pulse _computed = new();
    private volatile bool _isOpen;
    private volatile bool _isLasting;

    /// <summary>Whether they are wanted once, whatever is to be computed for them, and were not computed yet.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Whether they are wanted behind every position that comes, until <see cref="Withdraw"/>, where that takes one step.</summary>
    public bool IsLasting => _isLasting;

    /// <summary>Ends when they are asked for. Take it before <see cref="IsOpen"/> is looked at.</summary>
    public Task Asked => _asked.Next;

    /// <summary>Ends when they are there, and nothing behind them has come.</summary>
    public Task Computed => _computed.Next;

    /// <summary>Asks for them.</summary>
    public void Ask()
    {
        _isOpen = true;
        _asked.Fire();
    }

    /// <summary>Asks for them from here on.</summary>
    public void AskLasting()
    {
        _isLasting = true;
        _asked.Fire();
    }

    /// <summary>Notes that they were computed once.</summary>
    public void Close() => _isOpen = false;

    /// <summary>Notes that they are there, and nothing behind them has come.</summary>
    public void NoteComputed() => _computed.Fire();

    /// <summary>Notes that they are not needed any more.</summary>
    public void Withdraw() => _isOpen = _isLasting = false;
}
