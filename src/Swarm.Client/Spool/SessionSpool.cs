using Microsoft.Extensions.Logging;
using Swarm.Client.Streaming;
using Swarm.Core.Sessions;

namespace Swarm.Client.Spool;

/// <summary>
/// One session's spool: every step and state is in a file before it counts, and leaves it once it is durable. Thread-safe.
/// </summary>
/// <remarks>
/// A record is written by the caller's thread, so it survives the death of the process from then on. What is not durable
/// yet is brought to the disk itself in the background, see <see cref="MemoryOptions.SpoolSyncInterval"/>.
/// </remarks>
internal sealed class SessionSpool : IRewindObserver, IAsyncDisposable
{
    private const int MinSegmentBytes = 16 << 10;
    private const int MaxSegmentBytes = 4 << 20;

    /// <summary>Room for the headers of new segments, and what a rewind needs.</summary>
    private const int HeadroomBytes = 4096;

    private readonly Lock _lock = new();
    private readonly SpoolBuffer _buffer = new();
    private readonly List<SpoolSegment> _segments;
    private readonly SpoolFolder _folder;
    private readonly string _directory;
    private readonly SpoolSession _session;
    private readonly MemoryOptions _options;
    private readonly ILogger _logger;
    private readonly int _segmentBytes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _maintaining;
    private SpoolHeader _header;
    private long _othersBytes;
    private ulong _lastSequence;
    private long _reservedBytes;
    private (long Position, long StateVersion) _seenAtTick;

    /// <summary>Starts a session's spool, or goes on with what an earlier process left of it.</summary>
    /// <param name="folder">The locked folder; disposed with this.</param>
    /// <param name="directory">The session's folder in it.</param>
    /// <param name="header">Whose spool it is; position and hash are taken from the history.</param>
    /// <param name="found">What is there of it already, its inputs and states being in history and outbox.</param>
    /// <param name="session">The session.</param>
    /// <param name="options">Settings.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where logs go.</param>
    /// <exception cref="SpoolException">The disk refuses it.</exception>
    public SessionSpool(
        SpoolFolder folder,
        string directory,
        SpoolHeader header,
        SpoolContent? found,
        SpoolSession session,
        MemoryOptions options,
        TimeProvider timeProvider,
        ILogger logger)
    {
        _folder = folder;
        _directory = directory;
        _session = session;
        _options = options;
        _logger = logger;
        _header = header;
        _segmentBytes = (int)Math.Clamp(options.SpoolBytes / 16, MinSegmentBytes, MaxSegmentBytes);
        _lastSequence = found?.LastSequence ?? 0;
        _segments = [.. (found?.Segments ?? []).Select(one => new SpoolSegment(one, session.States.LatestVersion))];
        _othersBytes = folder.UsedBytes() - _segments.Sum(segment => segment.Bytes);
        try
        {
            // What was found goes on where it ends, unless its sequel is in the store: then nothing of it is needed.
            var isFresh = found?.Header?.Epoch != header.Epoch || found.EndPosition != session.History.Length;
            Begin(isFresh, session.History.Length);
            Current.Sync();
            DeleteOldest(isFresh ? _segments.Count - 1 : 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused("started", exception);
        }

        _maintaining = Task.Run(() => MaintainAsync(timeProvider));
    }

    /// <summary>Bytes on disk, with what earlier sessions left.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_lock)
            {
                return Used;
            }
        }
    }

    /// <summary>The session's folder.</summary>
    public string Location => _directory;

    private long Used => _othersBytes + _segments.Sum(segment => segment.Bytes);

    private SpoolSegment Current => _segments[^1];

    private bool IsResting => Current.EndPosition == _seenAtTick.Position || _stop.IsCancellationRequested;

    private bool SyncsAlways => _options.SpoolSyncInterval == TimeSpan.Zero;

    /// <summary>Holds room for steps that are about to be fed, so that none of them finds the spool full.</summary>
    /// <param name="bytes">What their records take.</param>
    /// <exception cref="SpoolFullException">There is not so much room.</exception>
    public void Reserve(long bytes)
    {
        lock (_lock)
        {
            Require(bytes, "These inputs were", "they take");
            _reservedBytes = bytes;
        }
    }

    /// <summary>Ends <see cref="Reserve"/>.</summary>
    public void EndReservation()
    {
        lock (_lock)
        {
            _reservedBytes = 0;
        }
    }

    /// <summary>Writes a step for which room is reserved, then adds it to the history, and sets its states.</summary>
    /// <remarks>One after the other under the lock: a segment that begins in between needs the hash of all inputs before it.</remarks>
    /// <exception cref="SpoolException">The disk refuses it; nothing has changed.</exception>
    public void AppendStep(ReadOnlySpan<int> tokens, IReadOnlyList<NamedState> states)
    {
        lock (_lock)
        {
            var firstPosition = _session.History.Length;
            var bytes = SpoolBuffer.StepBytes(tokens.Length, states);
            if (bytes > SpoolFormat.MaxBodyBytes)
            {
                throw new ArgumentException(
                    $"A step of {tokens.Length} tokens with {states.Count} states has {bytes} bytes; a spool takes at most "
                    + $"{SpoolFormat.MaxBodyBytes}. Set fewer states at once.",
                    nameof(states));
            }

            try
            {
                MakeRoom(bytes);
                Current.Append(
                    _buffer.Step(firstPosition, tokens, states, Current.Sequence, Current.Records).Span,
                    firstPosition + tokens.Length,
                    SyncsAlways);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Refused("written; nothing of the step was computed", exception);
            }

            _reservedBytes = Math.Max(0, _reservedBytes - bytes);
            _session.History.AppendStep(tokens);
            foreach (var state in states)
            {
                Current.StateVersion = _session.States.Set(state);
            }
        }
    }

    /// <summary>Writes a state, then sets it.</summary>
    /// <exception cref="SpoolFullException">There is no room for it.</exception>
    /// <exception cref="SpoolException">The disk refuses it; nothing has changed.</exception>
    public void AppendState(NamedState state)
    {
        lock (_lock)
        {
            var bytes = SpoolBuffer.StateBytes(state);
            Require(bytes + _reservedBytes, $"State '{state.Name}' was", "it takes");
            try
            {
                MakeRoom(bytes);
                Current.Append(
                    _buffer.State(state, Current.Sequence, Current.Records).Span, Current.EndPosition, SyncsAlways);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Refused("written; the state was not set", exception);
            }

            Current.StateVersion = _session.States.Set(state);
        }
    }

    /// <summary>Notes a rewind before it is asked for: afterwards either secret may be the one in force.</summary>
    public void BeginRewind(long length, SessionSecret secret)
    {
        lock (_lock)
        {
            _header = _header with { RewindLength = length, RewindSecret = secret };
            Begin(isFresh: false, Current.EndPosition);
        }

        SyncAll();
    }

    /// <summary>Notes a rewind that is done, before history and states are cut back.</summary>
    public void EndRewind(Epoch epoch, SessionSecret secret, long length)
    {
        lock (_lock)
        {
            _header = _header with { Epoch = epoch, Secret = secret, RewindLength = -1, RewindSecret = null };
            Begin(isFresh: true, length);
            Current.Sync();
            DeleteOldest(_segments.Count - 1);
        }
    }

    /// <summary>Ends the present segment.</summary>
    internal void BeginSegment()
    {
        lock (_lock)
        {
            Begin(isFresh: false, Current.EndPosition);
        }
    }

    /// <summary>Ends it and removes the session's files: everything is durable, and the context given back.</summary>
    public async ValueTask DeleteAsync()
    {
        if (await TryEndAsync().ConfigureAwait(false))
        {
            Close();
            Ignore(() => Directory.Delete(_directory, recursive: true));
            _folder.Dispose();
        }
    }

    /// <summary>Ends it; what is not durable, and the session's secret, stay on the disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (await TryEndAsync().ConfigureAwait(false))
        {
            Ignore(Reclaim);
            Ignore(SyncAll);
            Close();
            _folder.Dispose();
        }
    }

    private async ValueTask<bool> TryEndAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return false;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _maintaining.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }

    private void Close()
    {
        foreach (var segment in _segments)
        {
            segment.Dispose();
        }
    }

    private async Task MaintainAsync(TimeProvider timeProvider)
    {
        var interval = _options.SpoolSyncInterval > TimeSpan.Zero ? _options.SpoolSyncInterval : TimeSpan.FromSeconds(1);
        while (true)
        {
            await Task.Delay(interval, timeProvider, _stop.Token).ConfigureAwait(false);
            Ignore(Tick);
        }
    }

    /// <summary>Syncs what is old and still not durable, and removes what is durable.</summary>
    private void Tick()
    {
        var (position, version) = _seenAtTick;
        if (_session.State.Durable.Tokens < position || _session.States.OldestUndurable <= version)
        {
            SyncAll();
        }

        Reclaim();
        lock (_lock)
        {
            _seenAtTick = (Current.EndPosition, _session.States.LatestVersion);
        }
    }

    private void SyncAll()
    {
        SpoolSegment[] dirty;
        lock (_lock)
        {
            dirty = [.. _segments.Where(segment => segment.IsDirty)];
        }

        foreach (var segment in dirty)
        {
            try
            {
                segment.Sync();
            }
            catch (ObjectDisposedException)
            {
                // Durable meanwhile, and removed.
            }
        }
    }

    /// <summary>Removes segments of which everything is durable; the last one is replaced by an empty one.</summary>
    private void Reclaim()
    {
        SpoolSegment[] durable;
        SpoolSegment current;
        lock (_lock)
        {
            // While the store keeps up, files stay small; and nothing stays once the agent rests.
            var keepsUp = _session.State.Durable.Tokens >= _seenAtTick.Position;
            if (Current.Records > 1 && ((IsResting && IsDurable(Current)) || (keepsUp && Current.Bytes > MinSegmentBytes)))
            {
                Begin(isFresh: false, Current.EndPosition);
            }

            durable = [.. _segments.TakeWhile(segment => segment != Current && IsDurable(segment))];
            current = Current;
        }

        if (durable.Length == 0)
        {
            return;
        }

        current.Sync(); // Outside the lock, and first: the session's secret must not be on its way to the disk only.
        foreach (var segment in durable)
        {
            lock (_lock)
            {
                if (!_segments.Remove(segment))
                {
                    continue;
                }
            }

            segment.Delete();
        }
    }

    private bool IsDurable(SpoolSegment segment) =>
        segment.EndPosition <= _session.State.Durable.Tokens && segment.StateVersion < _session.States.OldestUndurable;

    private void DeleteOldest(int count)
    {
        for (; count > 0; count--)
        {
            _segments[0].Delete();
            _segments.RemoveAt(0);
        }
    }

    /// <summary>Begins a new segment where the present one has no room.</summary>
    private void MakeRoom(long bytes)
    {
        if (Current.Records > 1 && Current.Bytes + bytes > _segmentBytes)
        {
            Begin(isFresh: false, Current.EndPosition);
        }
    }

    private void Begin(bool isFresh, long position)
    {
        var last = _segments.Count == 0 ? null : Current;
        last?.EnsureCut();
        IReadOnlyList<NamedState> states = isFresh
            ? [.. _session.States.Undurable().Where(state => state.Position <= position)]
            : [];
        _header = _header with
        {
            IsFresh = isFresh,
            PreviousRecords = isFresh ? 0 : last!.Records,
            FirstPosition = position,
            PrefixHash = _session.History.HashAt((int)position),
            States = states,
        };
        var start = _buffer.SegmentStart(_header, _lastSequence + 1);
        _segments.Add(new SpoolSegment(
            _directory, _lastSequence + 1, position, start.Span, isFresh ? _session.States.LatestVersion : 0));
        _lastSequence++;
    }

    private void Require(long bytes, string what, string takes)
    {
        var needed = bytes + HeadroomBytes + (bytes / _segmentBytes * SpoolFormat.MaxHeaderBytes);
        if (Used + needed <= _options.SpoolBytes)
        {
            return;
        }

        Ignore(Reclaim);
        _othersBytes = _folder.UsedBytes() - _segments.Sum(segment => segment.Bytes); // Some may have been discarded.
        var used = Used;
        if (used + needed > _options.SpoolBytes)
        {
            throw new SpoolFullException(
                $"The spool '{_folder.Path}' is full: {used} of {_options.SpoolBytes} bytes are used, {takes} {needed}. "
                + $"{what} refused, and nothing of it has taken effect. Repeat it once the silo or its store is back, or "
                + $"raise {nameof(MemoryOptions.SpoolBytes)}. Of the bytes used, {_othersBytes} are not this session's: "
                + "discard what earlier ones left once it is not needed.",
                _folder.Path,
                used,
                needed,
                _options.SpoolBytes);
        }
    }

    private SpoolException Refused(string what, Exception exception) => new(
        $"The spool '{_directory}' cannot be {what}: {exception.Message} Free space on its disk, or check its permissions, "
        + "and repeat the call.",
        exception);

    /// <summary>For what is tried again at the next tick.</summary>
    private void Ignore(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            ClientLog.SpoolFailed(_logger, _directory, exception.Message);
        }
    }
}
