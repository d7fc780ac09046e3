namespace Swarm.DataPlane.Server;

/// <summary>
/// Bounds the KV bytes that all connections together have on their way to storage: what is granted, and what is
/// received and not durable yet. First come, first served, so that nobody starves. Thread-safe.
/// </summary>
/// <remarks>
/// Credit is given only to those who ask with bytes in hand: a window given in advance to 64 idle contexts would lock
/// up the whole budget, or would have to be a promise that memory cannot keep.
/// </remarks>
/// <param name="totalBytes">The budget.</param>
/// <param name="accountBytes">Most of it for one account, unless a single record needs more.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class IngestBudget(long totalBytes, long accountBytes, TimeProvider timeProvider)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<IngestAccount> _waiting = [];
    private long _available = totalBytes;

    /// <summary>The budget.</summary>
    public long TotalBytes { get; } = totalBytes;

    /// <summary>Bytes neither granted nor in flight.</summary>
    public long Available
    {
        get
        {
            lock (_lock)
            {
                return _available;
            }
        }
    }

    /// <summary>Gives back what is left, and asks for bytes; the grant comes as soon as there is room.</summary>
    /// <param name="account">Who asks.</param>
    /// <param name="needed">Bytes of the next record; 0 to ask for nothing.</param>
    /// <param name="wanted">Bytes that would be used at once.</param>
    /// <param name="returned">Granted bytes that are given back.</param>
    /// <returns><see langword="false"/> if more is given back than was granted.</returns>
    public bool TryAsk(IngestAccount account, long needed, long wanted, long returned)
    {
        lock (_lock)
        {
            if (account.Closed)
            {
                return true;
            }

            if (returned > account.Unused)
            {
                return false;
            }

            account.Unused -= returned;
            account.UnusedSince = account.Unused > 0 ? account.UnusedSince : 0;
            _available += returned;
            if (needed > 0)
            {
                if (account.Needed == 0)
                {
                    _waiting.AddLast(account);
                }

                account.Needed = needed;
                account.Wanted = Math.Max(needed, wanted);
            }
        }

        Pump();
        return true;
    }

    /// <summary>Notes that granted bytes arrive.</summary>
    /// <returns><see langword="false"/> if more arrive than were granted.</returns>
    public bool TryUse(IngestAccount account, long bytes)
    {
        lock (_lock)
        {
            if (bytes > account.Unused)
            {
                return false;
            }

            account.Unused -= bytes;
            account.InFlight += bytes;
            account.UnusedSince = account.Unused > 0 ? timeProvider.GetTimestamp() : 0;
            return true;
        }
    }

    /// <summary>Notes that arrived bytes are held no more.</summary>
    public void Done(IngestAccount account, long bytes)
    {
        lock (_lock)
        {
            account.InFlight -= bytes;
            _available += bytes;
        }

        Pump();
    }

    /// <summary>Takes back what an attachment did not use. What is in flight comes back by <see cref="Done"/>.</summary>
    public void Close(IngestAccount account)
    {
        lock (_lock)
        {
            account.Closed = true;
            _available += account.Unused;
            account.Unused = 0;
            account.UnusedSince = 0;
            if (account.Needed != 0)
            {
                account.Needed = 0;
                _waiting.Remove(account);
            }
        }

        Pump();
    }

    /// <summary>How long granted bytes have waited to be used.</summary>
    public TimeSpan UnusedFor(IngestAccount account)
    {
        lock (_lock)
        {
            return account.UnusedSince == 0 ? TimeSpan.Zero : timeProvider.GetElapsedTime(account.UnusedSince);
        }
    }

    private void Pump()
    {
        List<(IngestAccount Account, long Bytes)>? grants = null;
        lock (_lock)
        {
            for (var node = _waiting.First; node is not null;)
            {
                var account = node.Value;
                var next = node.Next;
                var outstanding = account.Unused + account.InFlight;

                // A record larger than the window goes alone: once nothing else of the account is in flight.
                var allowed = account.InFlight == 0
                    ? Math.Max(accountBytes - outstanding, account.Needed)
                    : accountBytes - outstanding;
                if (allowed >= account.Needed)
                {
                    if (_available < account.Needed)
                    {
                        break; // Those behind wait as well, or large records would wait for ever.
                    }

                    var bytes = Math.Min(Math.Min(account.Wanted, allowed), _available);
                    _available -= bytes;
                    account.Unused += bytes;
                    account.UnusedSince = timeProvider.GetTimestamp();
                    account.Needed = 0;
                    _waiting.Remove(node);
                    (grants ??= []).Add((account, bytes));
                }

                node = next;
            }
        }

        if (grants is not null)
        {
            foreach (var (account, bytes) in grants)
            {
                account.Grant(bytes);
            }
        }
    }
}
