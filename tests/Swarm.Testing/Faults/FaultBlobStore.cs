using System.Buffers;
using System.Runtime.CompilerServices;
using Swarm.Storage.Blobs;

namespace Swarm.Testing.Faults;

/// <summary>A store whose network is bad: seeded delays, lost requests, lost answers, errors, hangs. It counts all calls.</summary>
/// <remarks>
/// With the default rates it only counts. <see cref="Next"/> decides single requests exactly; where it has no opinion
/// the rates do. Thread-safe; with calls in parallel, which call gets which fault depends on their order.
/// </remarks>
/// <param name="inner">The real store.</param>
/// <param name="seed">Seed of all draws.</param>
/// <param name="time">Clock of the delays.</param>
public sealed class FaultBlobStore(IBlobStore inner, int seed = 0, TimeProvider? time = null) : IBlobStore
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Dictionary<BlobOperation, OperationCounts> _counts = [];
    private readonly List<(string Name, TaskCompletionSource Gate)> _hanging = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _awaited = [];

    /// <summary>The shares of faults; may be changed at any time.</summary>
    public FaultRates Rates { get; set; } = new();

    /// <summary>Decides a request by its operation and name; <see langword="null"/> leaves it to the rates.</summary>
    public Func<BlobOperation, string, BlobFault?>? Next { get; set; }

    /// <summary>Requests that hang now.</summary>
    public int Hanging
    {
        get
        {
            lock (_gate)
            {
                return _hanging.Count;
            }
        }
    }

    /// <summary>Counts of one operation so far.</summary>
    public OperationCounts Counts(BlobOperation operation)
    {
        lock (_gate)
        {
            return _counts.GetValueOrDefault(operation);
        }
    }

    /// <summary>Starts counting anew.</summary>
    public void ResetCounts()
    {
        lock (_gate)
        {
            _counts.Clear();
        }
    }

    /// <summary>Ends when at least so many requests hang.</summary>
    public Task WaitForHangingAsync(int count, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_hanging.Count >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((count, reached));
            return reached.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Lets hanging requests go on.</summary>
    /// <param name="name">Those of one object; all when <see langword="null"/>.</param>
    public void Release(string? name = null)
    {
        (string Name, TaskCompletionSource Gate)[] released;
        lock (_gate)
        {
            released = [.. _hanging.Where(one => name is null || one.Name == name)];
            _hanging.RemoveAll(released.Contains);
        }

        foreach (var (_, gate) in released)
        {
            gate.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public Task<BlobWrite> CreateAsync(
        string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken) =>
        SendAsync(
            BlobOperation.Create,
            name,
            () => inner.CreateAsync(name, content, cancellationToken),
            write => new OperationCounts(0, 1, write.IsRefused ? 1 : 0, 0, content.Length),
            cancellationToken);

    /// <inheritdoc/>
    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken) =>
        SendAsync(
            BlobOperation.Replace,
            name,
            () => inner.ReplaceAsync(name, content, expected, cancellationToken),
            write => new OperationCounts(0, 1, write.IsRefused ? 1 : 0, 0, content.Length),
            cancellationToken);

    /// <inheritdoc/>
    public Task<BlobRead> ReadAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        SendAsync(
            BlobOperation.Read,
            name,
            () => inner.ReadAsync(name, offset, destination, cancellationToken),
            read => new OperationCounts(0, 1, 0, 0, read.Count),
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken) =>
        SendAsync(
            BlobOperation.Delete,
            name,
            () => inner.DeleteAsync(name, cancellationToken),
            _ => new OperationCounts(0, 1, 0, 0, 0),
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken) =>
        SendAsync(
            BlobOperation.Delete,
            name,
            () => inner.DeleteAsync(name, expected, cancellationToken),
            isDeleted => new OperationCounts(0, 1, isDeleted ? 0 : 1, 0, 0),
            cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobItem> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The fault, if any, strikes before the first item: a lost answer of a listing is a listing lost.
        await SendAsync(
            BlobOperation.List,
            prefix,
            () => Task.FromResult(true),
            _ => new OperationCounts(0, 1, 0, 0, 0),
            cancellationToken);
        await foreach (var item in inner.ListAsync(prefix, cancellationToken))
        {
            yield return item;
        }
    }

    private async Task<T> SendAsync<T>(
        BlobOperation operation,
        string name,
        Func<Task<T>> send,
        Func<T, OperationCounts> measure,
        CancellationToken cancellationToken)
    {
        Count(operation, new OperationCounts(1, 0, 0, 0, 0));
        var (fault, before, after) = Draw(operation, name);
        if (fault == BlobFault.Busy)
        {
            throw Fault(operation, name, "the store is busy");
        }

        await DelayAsync(before, cancellationToken);
        if (fault == BlobFault.LostRequest)
        {
            throw Fault(operation, name, "the request was lost");
        }

        if (fault == BlobFault.Hang)
        {
            await HangAsync(name, cancellationToken);
        }

        var result = await send();
        Count(operation, measure(result));
        await DelayAsync(after, cancellationToken);
        return fault == BlobFault.LostAnswer ? throw Fault(operation, name, "the answer was lost") : result;
    }

    private (BlobFault Fault, TimeSpan Before, TimeSpan After) Draw(BlobOperation operation, string name)
    {
        var rates = Rates;
        var decided = Next?.Invoke(operation, name);
        lock (_gate)
        {
            var draw = _random.NextDouble();
            var before = rates.MaxDelay * _random.NextDouble();
            var after = rates.MaxDelay * _random.NextDouble();
            var drawn = draw < rates.Busy ? BlobFault.Busy
                : draw < rates.Busy + rates.LostRequest ? BlobFault.LostRequest
                : draw < rates.Busy + rates.LostRequest + rates.LostAnswer ? BlobFault.LostAnswer
                : BlobFault.None;
            return (decided ?? drawn, before, after);
        }
    }

    private Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, _time, cancellationToken) : Task.CompletedTask;

    private async Task HangAsync(string name, CancellationToken cancellationToken)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource[] reached;
        lock (_gate)
        {
            _hanging.Add((name, gate));
            reached = [.. _awaited.Where(one => one.Count <= _hanging.Count).Select(one => one.Reached)];
            _awaited.RemoveAll(one => one.Count <= _hanging.Count);
        }

        foreach (var one in reached)
        {
            one.TrySetResult();
        }

        try
        {
            await gate.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _hanging.Remove((name, gate));
            }
        }
    }

    private BlobStoreException Fault(BlobOperation operation, string name, string what)
    {
        Count(operation, new OperationCounts(0, 0, 0, 1, 0));
        return new BlobStoreException($"Injected into {operation} of '{name}': {what}.", isTransient: true);
    }

    private void Count(BlobOperation operation, OperationCounts more)
    {
        lock (_gate)
        {
            var so = _counts.GetValueOrDefault(operation);
            _counts[operation] = new OperationCounts(
                so.Requests + more.Requests,
                so.Arrived + more.Arrived,
                so.Refused + more.Refused,
                so.Faults + more.Faults,
                so.Bytes + more.Bytes);
        }
    }
}
