using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using Swarm.Storage.Blobs;

namespace Swarm.Tool.Tests.Support;

/// <summary>A store in memory whose objects a test can damage, copy and exchange.</summary>
internal sealed class MemoryBlobStore : IBlobStore
{
    private readonly Lock _gate = new();
    private SortedDictionary<string, (byte[] Content, string ETag)> _objects = new(StringComparer.Ordinal);
    private long _writes;

    /// <summary>Runs before each read, with the object's name.</summary>
    public Action<string>? Reading { get; set; }

    /// <summary>Names, in order.</summary>
    public string[] Names
    {
        get
        {
            lock (_gate)
            {
                return [.. _objects.Keys];
            }
        }
    }

    /// <summary>The bytes of an object; a change of them is a change of the object.</summary>
    public byte[] this[string name] => _objects[name].Content;

    /// <summary>The same objects in another store: what is left when the silo dies now.</summary>
    public MemoryBlobStore Copy()
    {
        lock (_gate)
        {
            var copy = new MemoryBlobStore { _writes = _writes };
            foreach (var (name, (content, etag)) in _objects)
            {
                copy._objects[name] = ([.. content], etag);
            }

            return copy;
        }
    }

    /// <summary>Makes this store hold what another one holds.</summary>
    public void Become(MemoryBlobStore other)
    {
        lock (_gate)
        {
            _objects = other.Copy()._objects;
        }
    }

    /// <summary>Changes an object behind everybody's back.</summary>
    public void Damage(string name, Func<byte[], byte[]> change) =>
        _objects[name] = (change([.. _objects[name].Content]), _objects[name].ETag);

    /// <summary>Loses an object.</summary>
    public void Remove(string name) => _objects.Remove(name);

    /// <summary>Puts an object there that nobody refers to.</summary>
    public void Add(string name, byte[] content) => _objects.Add(name, (content, name));

    public Task<BlobWrite> CreateAsync(string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_objects.ContainsKey(name) ? default : Put(name, content));
        }
    }

    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(
                _objects.TryGetValue(name, out var found) && found.ETag == expected ? Put(name, content) : default);
        }
    }

    public Task<BlobRead> ReadAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Reading?.Invoke(name);
        lock (_gate)
        {
            if (!_objects.TryGetValue(name, out var found))
            {
                return Task.FromResult(default(BlobRead));
            }

            var count = (int)Math.Clamp(found.Content.Length - offset, 0, destination.Length);
            found.Content.AsMemory((int)Math.Min(offset, found.Content.Length), count).CopyTo(destination);
            return Task.FromResult(new BlobRead(count, found.Content.Length, found.ETag));
        }
    }

    public async IAsyncEnumerable<BlobItem> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobItem[] items;
        lock (_gate)
        {
            items =
            [
                .. _objects.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal))
                    .Select(item => new BlobItem(item.Key, item.Value.Content.Length)),
            ];
        }

        await Task.CompletedTask;
        foreach (var item in items)
        {
            yield return item;
        }
    }

    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_objects.Remove(name));
        }
    }

    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_objects.TryGetValue(name, out var found) && found.ETag == expected && _objects.Remove(name));
        }
    }

    private BlobWrite Put(string name, ReadOnlySequence<byte> content)
    {
        var etag = (++_writes).ToString(CultureInfo.InvariantCulture);
        _objects[name] = (content.ToArray(), etag);
        return new BlobWrite(etag);
    }
}
