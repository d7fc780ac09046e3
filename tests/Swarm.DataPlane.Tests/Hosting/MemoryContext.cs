using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Frames;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>A context in memory, for tests of the protocol alone: what is durable, and when, is the test's decision.</summary>
public sealed class MemoryContext : IOpenContext, IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly List<int> _tokens = [];
    private readonly List<int> _steps = [];
    private readonly List<(long First, int Count, Core.Blocks.BlockHash Hash, byte[] Frames, ulong? Checksum)> _kv = [];
    private readonly SortedDictionary<string, NamedState> _states = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _appendedInputs = Task.CompletedTask;
    private Epoch _epoch;
    private Digest256 _secretHash;
    private object? _connection;

    public MemoryContext(ContextId id, ModelDescriptor model) => (Id, Model) = (id, model);

    public ContextId Id { get; }

    public ModelDescriptor Model { get; }

    public CancellationToken Closed => _closed.Token;

    /// <summary>KV appends wait for this before they are durable.</summary>
    public TaskCompletionSource KvGate { get; set; } = Open();

    /// <summary>Appends of inputs wait for this before they are durable.</summary>
    public TaskCompletionSource InputGate { get; set; } = Open();

    /// <summary>KV bytes that appends hold now, and held at most.</summary>
    public long HeldBytes { get; private set; }

    public long MaxHeldBytes { get; private set; }

    /// <summary>Runs handed out by reads and not disposed yet.</summary>
    public int RunsOut { get; private set; }

    public int Touches { get; private set; }

    /// <summary>How often the last connection of a session was lost.</summary>
    public int LostConnections { get; private set; }

    /// <summary>How often somebody began to follow.</summary>
    public int Followers { get; private set; }

    /// <summary>Whether KV is verified and then forgotten.</summary>
    public bool Discards { get; set; }

    /// <summary>What appends of discarded KV are answered with: watermarks as they were when it became durable, say.</summary>
    public Watermarks? KvAnswer { get; set; }

    /// <summary>Where reads for sending find KV in files, as a silo has it on its disk; <see langword="null"/> for memory alone.</summary>
    public string? Folder { get; set; }

    /// <summary>Changes a file that was opened for sending, before it is sent.</summary>
    public Action<string>? Opened { get; set; }

    /// <summary>What was said of files that could not be sent.</summary>
    public List<string> GivenUp { get; } = [];

    /// <summary>Lets reads find a record, many times over.</summary>
    public void Serve(KvAppend kv, int times, ulong? checksum = null)
    {
        var frames = kv.Frames.ToArray();
        _kv.AddRange(Enumerable.Repeat((kv.FirstPosition, kv.Count, kv.PrefixHash, frames, checksum), times));
    }

    public void ForgetKv() => _kv.Clear();

    /// <summary>The range that was read last.</summary>
    public (long First, long Count) LastRead { get; private set; }

    public ContextStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new ContextStatus(
                    _epoch, "agent", "", Watermarks, Model.ComputeFingerprint(), 64, DateTimeOffset.UnixEpoch);
            }
        }
    }

    private Watermarks Watermarks => new(_tokens.Count, _kv.Count == 0 ? 0 : _kv[^1].First + _kv[^1].Count);

    public static TaskCompletionSource Open()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gate.SetResult();
        return gate;
    }

    public async ValueTask<ContextStatus> WaitForChangeAsync(
        Epoch seenEpoch, Watermarks seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_epoch != seenEpoch || Watermarks != seen || _closed.IsCancellationRequested)
                {
                    return Status;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public ValueTask<Acquired> AcquireAsync(AcquireRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _epoch = _epoch.Next;
            _secretHash = request.SecretHash;
            Change();
            return ValueTask.FromResult(new Acquired(_epoch, Watermarks));
        }
    }

    public ValueTask<Epoch> ReleaseAsync(SessionProof proof, string reservedFor, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Require(proof);
            _epoch = _epoch.Next;
            _secretHash = default;
            Change();
            return ValueTask.FromResult(_epoch);
        }
    }

    public ValueTask<Acquired> RewindAsync(
        SessionProof proof, long length, Digest256 newSecretHash, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Require(proof);
            _tokens.RemoveRange((int)length, _tokens.Count - (int)length);
            _kv.RemoveAll(run => run.First + run.Count > length);
            _epoch = _epoch.Next;
            _secretHash = newSecretHash;
            Change();
            return ValueTask.FromResult(new Acquired(_epoch, Watermarks));
        }
    }

    public async ValueTask<Watermarks> AppendInputsAsync(
        SessionProof proof, InputRun inputs, IReadOnlyList<NamedState> states, CancellationToken cancellationToken)
    {
        Task before;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            (before, _appendedInputs) = (_appendedInputs, done.Task);
        }

        try
        {
            await InputGate.Task;
            await before; // The gate lets them through in any order.
            return Append(proof, inputs, states);
        }
        finally
        {
            done.SetResult();
        }
    }

    public async ValueTask<Watermarks> AppendKvAsync(SessionProof proof, KvAppend kv, CancellationToken cancellationToken)
    {
        Task gate;
        lock (_lock)
        {
            Require(proof);
            HeldBytes += kv.Frames.Length;
            MaxHeldBytes = Math.Max(MaxHeldBytes, HeldBytes);
            gate = KvGate.Task;
        }

        try
        {
            KvPayload.Verify(Model.Geometry, kv.FirstPosition, kv.Count, kv.Frames.Span);
            await gate;
            lock (_lock)
            {
                if (Discards)
                {
                    return KvAnswer ?? Watermarks;
                }

                _kv.Add((kv.FirstPosition, kv.Count, kv.PrefixHash, kv.Frames.ToArray(), XxHash3.HashToUInt64(kv.Frames.Span)));
                _kv.Sort((left, right) => left.First.CompareTo(right.First)); // The gate lets them through in any order.
                Change();
                return Watermarks;
            }
        }
        catch (Format.Objects.CorruptObjectException corrupt)
        {
            throw new CorruptDataException(new Refusal(RefusalCode.Corrupt, corrupt.Message));
        }
        finally
        {
            lock (_lock)
            {
                HeldBytes -= kv.Frames.Length;
            }
        }
    }

    public void RecordHeartbeat(SessionProof proof)
    {
        lock (_lock)
        {
            Require(proof);
            Touches++;
        }
    }

    public void RecordConnected(SessionProof proof, object connection) => _connection = connection;

    public void RecordConnectionLost(object connection) => LostConnections += ReferenceEquals(connection, _connection) ? 1 : 0;

    public void WriteAtOnce(TimeSpan time)
    {
    }

    public async IAsyncEnumerable<InputRun> ReadInputsAsync(
        long firstPosition, long count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LastRead = (firstPosition, count);
        await Task.Yield();
        yield return new InputRun(0, _tokens.ToArray(), _steps.ToArray());
    }

    public async IAsyncEnumerable<KvRunData> ReadKvAsync(
        long firstPosition, long count, KvReading reading, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LastRead = (firstPosition, count);
        foreach (var (first, runCount, hash, frames, checksum) in _kv.ToArray())
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            if (reading == KvReading.FromFiles && Folder is not null && checksum is not null)
            {
                yield return KvRunData.InFile(first, runCount, hash, KvTier.Disk, FileOf(first, frames), checksum.Value);
                continue;
            }

            lock (_lock)
            {
                RunsOut++;
            }

            yield return new KvRunData(first, runCount, hash, frames, KvTier.Memory, new Counted(this)) { Checksum = checksum };
        }
    }

    public async IAsyncEnumerable<Followed> FollowAsync(FollowPoint from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Followers++;
        var (epoch, at) = (from.Epoch, new Watermarks(from.Position, from.KvPosition));
        while (true)
        {
            var status = await WaitForChangeAsync(epoch, at, cancellationToken);
            if (status.Epoch != epoch)
            {
                var kept = new Watermarks(Math.Min(at.Tokens, status.Durable.Tokens), Math.Min(at.Kv, status.Durable.Kv));
                yield return Followed.Of(new FollowedEpoch(status.Epoch, kept));
                if (kept != at)
                {
                    yield break;
                }

                epoch = status.Epoch;
            }
            else if (status.Durable.Tokens > at.Tokens)
            {
                var count = (int)(status.Durable.Tokens - at.Tokens);
                yield return Followed.Of(new InputRun(at.Tokens, _tokens.GetRange((int)at.Tokens, count).ToArray(), new[] { count }));
                at = at with { Tokens = status.Durable.Tokens };
            }
            else
            {
                foreach (var (first, count, hash, frames, checksum) in _kv.Where(run => run.First >= at.Kv).ToArray())
                {
                    lock (_lock)
                    {
                        RunsOut++;
                    }

                    yield return Followed.Of(new KvRunData(first, count, hash, frames, KvTier.Memory, new Counted(this)) { Checksum = checksum });
                    at = at with { Kv = first + count };
                }
            }
        }
    }

    private KvFile FileOf(long first, byte[] frames)
    {
        var path = Path.Combine(Folder!, $"{first}");
        File.WriteAllBytes(path, [.. new byte[first % 100], .. frames, .. new byte[first % 7]]);
        var file = KvFile.Open(path, first % 100, frames.Length);
        file.GivenUp += GivenUp.Add;
        Opened?.Invoke(path);
        return file;
    }

    public IReadOnlyList<NamedState> ReadStates()
    {
        lock (_lock)
        {
            return [.. _states.Values];
        }
    }

    public ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _closed.Cancel();
            Change();
        }

        return ValueTask.CompletedTask;
    }

    public void Dispose() => _closed.Dispose();

    private Watermarks Append(SessionProof proof, InputRun inputs, IReadOnlyList<NamedState> states)
    {
        lock (_lock)
        {
            Require(proof);
            if (inputs.FirstPosition > _tokens.Count)
            {
                throw new AppendGapException(new Refusal(RefusalCode.Gap, "gap", Position: _tokens.Count));
            }

            _tokens.AddRange(inputs.Tokens.Span);
            _steps.AddRange(inputs.Steps.Span);
            foreach (var state in states)
            {
                _states[state.Name] = state;
            }

            Change();
            return Watermarks;
        }
    }

    private void Require(SessionProof proof)
    {
        if (proof.Epoch != _epoch || !proof.SecretHash.FixedTimeEquals(_secretHash))
        {
            throw new StaleEpochException(new Refusal(RefusalCode.StaleEpoch, "stale", _epoch));
        }
    }

    private void Change()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Counted(MemoryContext owner) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._lock)
            {
                owner.RunsOut--;
            }
        }
    }
}
