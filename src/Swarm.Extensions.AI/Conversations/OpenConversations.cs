namespace Swarm.Extensions.AI.Conversations;

/// <summary>Conversations that are open, a bounded number: the one not used for longest makes room, and what is idle for long is closed. Thread-safe.</summary>
/// <param name="limit">Most of them.</param>
/// <param name="idleTimeout">How long one stays open without use.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="owner">What users know it as.</param>
internal sealed class OpenConversations(int limit, TimeSpan idleTimeout, TimeProvider timeProvider, Type owner) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, OpenEntry> _entries = [];
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private Task? _closing;

    private enum Use
    {
        Busy,
        Idle,
        Closing,
    }

    /// <summary>How many are open, or being opened or closed.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Cancelled when all of them are closed for good.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Takes a conversation for a call, and opens it if it is not open.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="cancellationToken">Stops waiting for room.</param>
    /// <returns>The conversation, until <see cref="ReturnAsync"/>.</returns>
    /// <exception cref="InvalidOperationException">Another call has it.</exception>
    /// <exception cref="ObjectDisposedException">All are closed.</exception>
    public async Task<Conversation> TakeAsync(string id, Func<Task<Conversation>> open, CancellationToken cancellationToken)
    {
        while (true)
        {
            OpenEntry? added = null, leaving = null;
            Task changed;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_closing is not null, owner);
                changed = _changed.Task;
                if (!_entries.TryGetValue(id, out var entry))
                {
                    leaving = _entries.Count < limit ? null : LeastRecentlyUsed();
                    added = _entries.Count < limit ? _entries[id] = new OpenEntry() : null;
                }
                else if (entry.Use == Use.Busy)
                {
                    throw new InvalidOperationException(
                        $"Conversation '{id}' is answering another call of this client: await its end, or dispose of its enumerator, before the next message.");
                }
                else if (entry is { Use: Use.Idle, Conversation.IsFenced: false })
                {
                    entry.Use = Use.Busy;
                    return entry.Conversation!;
                }
                else if (entry.Use == Use.Idle)
                {
                    leaving = entry; // Another process has it: it is opened anew.
                }

                if (leaving is not null)
                {
                    leaving.Use = Use.Closing;
                }
            }

            if (added is not null)
            {
                return await OpenAsync(id, added, open).ConfigureAwait(false);
            }

            await (leaving is null ? changed.WaitAsync(cancellationToken) : CloseAsync(leaving)).ConfigureAwait(false);
        }
    }

    /// <summary>Gives a conversation back.</summary>
    /// <param name="conversation">What was taken.</param>
    /// <param name="isUsable">Whether it stays open for the next call.</param>
    public async ValueTask ReturnAsync(Conversation conversation, bool isUsable)
    {
        OpenEntry? leaving = null;
        lock (_lock)
        {
            if (!_entries.TryGetValue(conversation.Id, out var entry) || entry.Conversation != conversation || entry.Use != Use.Busy)
            {
                return; // It was closed meanwhile.
            }

            (entry.Use, entry.LastUse) = (isUsable ? Use.Idle : Use.Closing, timeProvider.GetTimestamp());
            leaving = isUsable ? null : entry;
            _timer ??= timeProvider.CreateTimer(_ => _ = CloseIdleAsync(), null, idleTimeout / 2, idleTimeout / 2);
            Change();
        }

        if (leaving is not null)
        {
            await CloseAsync(leaving).ConfigureAwait(false);
        }
    }

    /// <summary>Closes all of them for good, those that are in use too. Harmless if repeated.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            return new ValueTask(_closing ??= Task.Run(CloseAllAsync));
        }
    }

    private async Task<Conversation> OpenAsync(string id, OpenEntry entry, Func<Task<Conversation>> open)
    {
        Conversation? conversation = null;
        try
        {
            conversation = await open().ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                entry.Conversation = conversation;
                if (conversation is null)
                {
                    _entries.Remove(id);
                }
                else if (_closing is not null)
                {
                    entry.Use = Use.Closing;
                }

                Change();
            }
        }

        if (entry.Use == Use.Closing)
        {
            await CloseAsync(entry).ConfigureAwait(false);
            throw new ObjectDisposedException(owner.FullName);
        }

        return conversation;
    }

    private async Task CloseIdleAsync()
    {
        List<OpenEntry> idle;
        lock (_lock)
        {
            idle = [.. _entries.Values.Where(entry => entry.Use == Use.Idle && timeProvider.GetElapsedTime(entry.LastUse) >= idleTimeout)];
            idle.ForEach(entry => entry.Use = Use.Closing);
        }

        await Task.WhenAll(idle.Select(CloseAsync)).ConfigureAwait(false);
    }

    private async Task CloseAllAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        while (true)
        {
            List<OpenEntry> leaving;
            Task changed;
            lock (_lock)
            {
                if (_entries.Count == 0)
                {
                    _timer?.Dispose();
                    return;
                }

                changed = _changed.Task;
                leaving = [.. _entries.Values.Where(entry => entry.Conversation is not null && entry.Use != Use.Closing)];
                leaving.ForEach(entry => entry.Use = Use.Closing);
            }

            await (leaving.Count == 0 ? changed : Task.WhenAll(leaving.Select(CloseAsync))).ConfigureAwait(false);
        }
    }

    /// <summary>Closes one that nobody else closes.</summary>
    private async Task CloseAsync(OpenEntry entry)
    {
        try
        {
            await entry.Conversation!.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _entries.Remove(entry.Conversation!.Id);
                Change();
            }
        }
    }

    private OpenEntry? LeastRecentlyUsed() => _entries.Values.Where(entry => entry.Use == Use.Idle).MinBy(entry => entry.LastUse);

    private void Change()
    {
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class OpenEntry
    {
        public Conversation? Conversation { get; set; }

        public Use Use { get; set; }

        public long LastUse { get; set; }
    }
}
