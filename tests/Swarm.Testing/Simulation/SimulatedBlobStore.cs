using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using Swarm.Storage.Blobs;

namespace Swarm.Testing.Simulation;

/// <summary>A strongly consistent store whose requests are slow, lost, late, or done with the answer lost; seeded.</summary>
public sealed class SimulatedBlobStore(World world, StoreFaults faults) : IBlobStore
{
    private const int PageItems = 8;

    private readonly SortedList<string, (byte[] Content, string ETag)> _objects = new(StringComparer.Ordinal);
    private readonly SimulatedProcess _network = world.Start("network");
    private long _writes;
    private DateTimeOffset _backAt;
    private int _life;
    private bool _isCut;

    /// <summary>Faults so far.</summary>
    public int Injected { get; private set; }

    public StoreFaults Faults { get; set; } = faults;

    public IReadOnlyDictionary<string, (byte[] Content, string ETag)> Objects => _objects;

    /// <summary>Requests of any kind so far; each page of a listing is one.</summary>
    public long Requests { get; private set; }

    /// <summary>How often each object was read.</summary>
    public Dictionary<string, int> Reads { get; } = [];

    /// <summary>Changes an object behind everybody's back.</summary>
    public void Corrupt(string name, Func<byte[], byte[]> change) =>
        _objects[name] = (change(_objects[name].Content), _objects[name].ETag);

    /// <summary>Takes an object away behind everybody's back.</summary>
    public void Remove(string name) => _objects.Remove(name);

    /// <summary>Puts an object there behind everybody's back.</summary>
    public void Put(string name, byte[] content, string etag = "put") => _objects[name] = (content, etag);

    /// <summary>Goes back to what <see cref="Objects"/> was.</summary>
    public void Restore(IReadOnlyDictionary<string, (byte[] Content, string ETag)> objects)
    {
        _objects.Clear();
        foreach (var (name, value) in objects)
        {
            _objects.Add(name, value);
        }
    }

    /// <summary>Cuts all connections: what is under way has no effect and no answer any more, nor has anything until <see cref="Mend"/>.</summary>
    public void Cut() => (_life, _isCut) = (_life + 1, true);

    public void Mend() => _isCut = false;

    /// <summary>Sees each object that is written, with its bytes, and each that is deleted, with none; a check that throws ends the run.</summary>
    public Action<string, byte[]?>? Changed { get; set; }

    /// <summary>Runs before an object is read: what others do in between.</summary>
    public Func<string, Task>? BeforeRead { get; set; }

    /// <summary>Whether two writes within a second of each other give the same ETag, as a store with coarse time stamps would.</summary>
    public bool HasCoarseETags { get; init; }

    public Task<BlobWrite> CreateAsync(
        string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken) =>
        RequestAsync(Copy(content), bytes => _objects.ContainsKey(name) ? default : Put(name, bytes));

    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken) =>
        RequestAsync(Copy(content), bytes =>
            _objects.TryGetValue(name, out var found) && found.ETag == expected ? Put(name, bytes) : default);

    public Task<BlobRead> ReadAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        BeforeRead is { } before ? ReadAfterAsync(before, name, offset, destination) : ReadNowAsync(name, offset, destination);

    private async Task<BlobRead> ReadAfterAsync(Func<string, Task> before, string name, long offset, Memory<byte> destination)
    {
        await before(name);
        return await ReadNowAsync(name, offset, destination);
    }

    private Task<BlobRead> ReadNowAsync(string name, long offset, Memory<byte> destination)
    {
        Reads[name] = Reads.GetValueOrDefault(name) + 1;
        // The bytes are taken when the request takes effect, and put down only once it has been answered.
        return RequestAsync(0, _ => _objects.GetValueOrDefault(name), found =>
        {
            if (found.ETag is null)
            {
                return new BlobRead(0, 0, null);
            }

            var count = (int)Math.Clamp(found.Content.Length - offset, 0, destination.Length);
            found.Content.AsMemory((int)Math.Min(offset, found.Content.Length), count).CopyTo(destination);
            return new BlobRead(count, found.Content.Length, found.ETag);
        });
    }

    public async IAsyncEnumerable<BlobItem> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Page by page: what changes between two pages may be there or not.
        for (var after = ""; ;)
        {
            var from = after;
            var items = await RequestAsync(0, _ => Page(prefix, from));
            foreach (var item in items)
            {
                yield return item;
            }

            if (items.Count < PageItems)
            {
                yield break;
            }

            after = items[^1].Name;
        }
    }

    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken) => RequestAsync(0, _ => Delete(name));

    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken) =>
        RequestAsync(0, _ => _objects.TryGetValue(name, out var found) && found.ETag == expected && Delete(name));

    private static byte[] Copy(ReadOnlySequence<byte> content) => content.ToArray();

    private List<BlobItem> Page(string prefix, string after)
    {
        List<BlobItem> items = [];
        var first = string.CompareOrdinal(after, prefix) < 0 ? FirstNotBefore(prefix) : FirstNotBefore(after + '\0');
        for (var index = first; index < _objects.Count && items.Count < PageItems; index++)
        {
            var name = _objects.GetKeyAtIndex(index);
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
            {
                break;
            }

            items.Add(new BlobItem(name, _objects.GetValueAtIndex(index).Content.Length));
        }

        return items;
    }

    /// <summary>The index of the first object whose name is <paramref name="name"/> or comes after it.</summary>
    private int FirstNotBefore(string name)
    {
        var (low, high) = (0, _objects.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = string.CompareOrdinal(_objects.GetKeyAtIndex(middle), name) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private BlobWrite Put(string name, byte[] bytes)
    {
        var etag = HasCoarseETags
            ? world.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)
            : (++_writes).ToString(CultureInfo.InvariantCulture);
        _objects[name] = (bytes, etag);
        Check(name, bytes);
        return new BlobWrite(etag);
    }

    private bool Delete(string name)
    {
        var existed = _objects.Remove(name);
        if (existed)
        {
            Check(name, null);
        }

        return existed;
    }

    private void Check(string name, byte[]? content)
    {
        try
        {
            Changed?.Invoke(name, content);
        }
        catch (InvalidOperationException violation)
        {
            world.Fail(violation);
        }
    }

    private Task<TResult> RequestAsync<TState, TResult>(TState state, Func<TState, TResult> take) =>
        RequestAsync(state, take, static result => result);

    /// <summary>A request. A run has so many faults that to throw each of them here as well would be most of its time.</summary>
    private Task<TResult> RequestAsync<TState, TFound, TResult>(TState state, Func<TState, TFound> take, Func<TFound, TResult> answer)
    {
        var answered = new TaskCompletionSource<TResult>();
        _ = AnswerAsync();
        return answered.Task;

        async Task AnswerAsync()
        {
            try
            {
                var (found, fault) = await TryAsync(state, take);
                if (fault is null)
                {
                    answered.SetResult(answer(found!));
                }
                else
                {
                    answered.SetException(fault);
                }
            }
            catch (BlobStoreException fault)
            {
                answered.SetException(fault);
            }
        }
    }

    private async Task<(TFound? Found, BlobStoreException? Fault)> TryAsync<TState, TFound>(TState state, Func<TState, TFound> take)
    {
        Requests++;
        if (_isCut)
        {
            await DelayAsync();
            return (default, IsOutOfReach());
        }

        var life = _life;
        TFound effect(TState state) => life == _life ? take(state) : throw IsOutOfReach();
        if (IsAway())
        {
            Injected++;
            await UnansweredAsync(() => effect(state), world.Random.Next(3));
            return (default, Fault("the store is away"));
        }

        var dice = world.Random.NextDouble();
        if ((dice -= Faults.LostRequest) < 0)
        {
            Injected++;
            await UnansweredAsync(() => effect(state), 0);
            return (default, Fault("the request was lost"));
        }

        if ((dice -= Faults.LostAnswer) < 0)
        {
            Injected++;
            await UnansweredAsync(() => effect(state), 1);
            return (default, Fault("the answer was lost"));
        }

        if ((dice -= Faults.Throttled) < 0)
        {
            Injected++;
            return (default, Fault("503, too many requests"));
        }

        if ((dice -= Faults.RepeatedEffect) < 0)
        {
            Injected++;
            _ = TakeEffectLateAsync(() => effect(state), 1000);
        }

        if (dice - Faults.LateEffect < 0)
        {
            Injected++;
            await UnansweredAsync(() => effect(state), 2);
            return (default, Fault("no answer in time"));
        }

        // The effect comes between request and answer, in the network: a killed process's request takes effect too.
        var done = _network.Run(async () =>
        {
            await DelayAsync();
            return effect(state);
        });
        var result = await done;
        await DelayAsync();
        return life == _life ? (result, null) : (default, IsOutOfReach());
    }

    private static BlobStoreException Fault(string text) => new($"simulated: {text}", isTransient: true);

    private static BlobStoreException IsOutOfReach() => Fault("the connection was cut");

    private bool IsAway()
    {
        var now = world.Time.GetUtcNow();
        if (now < _backAt)
        {
            return Faults.Outage > 0;
        }

        if (Faults.Outage > 0 && world.Random.NextDouble() < Faults.Outage)
        {
            _backAt = now.AddMilliseconds(world.Random.Next(20, 1500));
            return true;
        }

        return false;
    }

    /// <summary>What becomes of a request whose answer does not come: nothing, its effect, or its effect later on.</summary>
    private async Task UnansweredAsync(Action effect, int fate)
    {
        if (fate == 2)
        {
            _ = TakeEffectLateAsync(effect, 2000);
        }

        await DelayAsync();
        if (fate == 1)
        {
            effect();
        }
    }

    private Task TakeEffectLateAsync(Action effect, int withinMs) => _network.Run(async () =>
    {
        await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(withinMs)), world.Time);
        try
        {
            effect();
        }
        catch (BlobStoreException)
        {
            // Cut meanwhile.
        }
    });

    private Task DelayAsync()
    {
        if (Faults.Slow > 0 && world.Random.NextDouble() < Faults.Slow)
        {
            Injected++;
            return Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(2500)), world.Time);
        }

        return world.Random.NextDouble() < 0.5
            ? Task.CompletedTask
            : Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(1, Faults.MaxDelayMs)), world.Time);
    }
}
