namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>What a packet's number says of the packets between it and the one before.</summary>
internal enum SequenceOutcome
{
    /// <summary>It is newer than all before it.</summary>
    New,

    /// <summary>It was seen already.</summary>
    Repeated,

    /// <summary>It comes after newer ones, and was counted as lost until now.</summary>
    Late,

    /// <summary>Its number belongs to another packet that was seen just now: the sender counts anew.</summary>
    Restarted,
}

/// <summary>Follows the numbers of one component's packets, which are 0 to 255 and again from 0.</summary>
/// <remarks>
/// <para>
/// The <see cref="Window"/> newest numbers are remembered with their packets' checksums: a number that comes again is a repeat where the checksum
/// is the same, and else a sender that was started again. Every other number is ahead, up to 192 of them: what was left out is lost, until it
/// comes late. Eight bits cannot tell more: who loses more packets in a row is taken for a sender that was started again.
/// </para>
/// <para>
/// A packet of an unknown message has a number too, but nothing proves it: such a number fills its gap, and never moves the window.
/// </para>
/// </remarks>
internal sealed class SequenceTracker
{
    /// <summary>Numbers that are remembered, the newest among them.</summary>
    public const int Window = 64;

    private const int Numbers = 256;

    private readonly bool[] _isSeen = new bool[Numbers];
    private readonly ushort[] _checksums = new ushort[Numbers];
    private bool _isStarted;
    private byte _newest;

    /// <summary>Packets that did not come, so far.</summary>
    public long Lost { get; private set; }

    /// <summary>Takes the number of a packet whose checksum is right.</summary>
    /// <param name="number">The number.</param>
    /// <param name="checksum">The packet's checksum.</param>
    /// <returns>What it says.</returns>
    public SequenceOutcome Observe(byte number, ushort checksum)
    {
        if (!_isStarted)
        {
            return Start(number, checksum, SequenceOutcome.New);
        }

        if (IsInWindow(number))
        {
            return ObserveOld(number, checksum) ?? Start(number, checksum, SequenceOutcome.Restarted);
        }

        if (_isSeen[number] && _checksums[number] == checksum)
        {
            return SequenceOutcome.Repeated;
        }

        while (_newest != number)
        {
            _isSeen[(byte)(_newest - Window + 1)] = false; // It leaves the window.
            _newest++;
            Lost += _newest == number || _isSeen[_newest] ? 0 : 1;
        }

        Remember(number, checksum);
        return SequenceOutcome.New;
    }

    /// <summary>Takes the number of a packet that nothing is known of but its header.</summary>
    /// <param name="number">The number.</param>
    /// <param name="checksum">The packet's checksum.</param>
    /// <returns>What it says, if it is to be believed.</returns>
    public SequenceOutcome ObserveUnverified(byte number, ushort checksum)
    {
        if (!_isStarted)
        {
            return SequenceOutcome.New;
        }

        if (IsInWindow(number))
        {
            return ObserveOld(number, checksum) ?? SequenceOutcome.New;
        }

        if (_isSeen[number] && _checksums[number] == checksum)
        {
            return SequenceOutcome.Repeated;
        }

        Remember(number, checksum);
        return SequenceOutcome.New;
    }

    private bool IsInWindow(byte number) => (byte)(_newest - number) < Window;

    // Nothing where the number belongs to another packet.
    private SequenceOutcome? ObserveOld(byte number, ushort checksum)
    {
        if (_isSeen[number])
        {
            return _checksums[number] == checksum ? SequenceOutcome.Repeated : null;
        }

        Remember(number, checksum);
        Lost -= Lost > 0 ? 1 : 0;
        return SequenceOutcome.Late;
    }

    private SequenceOutcome Start(byte number, ushort checksum, SequenceOutcome outcome)
    {
        Array.Clear(_isSeen);
        (_isStarted, _newest) = (true, number);
        Remember(number, checksum);
        return outcome;
    }

    private void Remember(byte number, ushort checksum) => (_isSeen[number], _checksums[number]) = (true, checksum);
}
