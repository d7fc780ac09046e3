using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Tiers;

/// <summary>KV payloads in a folder of the silo's local disk, bounded in bytes, least recently used out first. Thread-safe.</summary>
/// <remarks>
/// It holds nothing that the store does not hold: what is found damaged, torn by a power cut or gone is a miss, so nothing is
/// flushed, and the folder may be deleted while the silo is down. A later silo finds what an earlier one left: payloads
/// never change, and a file's name says which one it is. Files of an earlier process are checked when they are first read; all others only
/// when a reader asks for it, who has found one damaged: readers check what they are given, up to the model's memory.
/// One process uses a folder at a time.
/// </remarks>
internal sealed class DiskTier : IDisposable
{
    /// <summary>Payloads under this many bytes are not kept: they are merged soon, and a file each would cost more than it saves.</summary>
    public const int MinPayloadBytes = 64 << 10;

    private const int WriteThreads = 2;
    private const long MaxPendingBytes = 64 << 20;

    // More would take turns over files that are cached, so that none of what they read is there soon.
    private static readonly int ReadThreads = Math.Max(2, Environment.ProcessorCount);

    private readonly DiskFolder _folder;
    private readonly ILogger _logger;
    private readonly StorageMetrics _metrics;
    private readonly IoThreads _reads = new("swarm-tier-read", ReadThreads);
    private readonly IoThreads _writes = new("swarm-tier-write", WriteThreads);
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, LinkedListNode<DiskFile>> _files = [];
    private readonly HashSet<UInt128> _pending = [];
    private readonly LinkedList<DiskFile> _byUse = new();
    private long _usedBytes;
    private long _pendingBytes;
    private long _hits;
    private long _misses;
    private long _evictions;
    private int _givenUp; // Files that could not be sent.
    private bool _isFailing;

    /// <summary>Opens a folder, and takes over what is in it.</summary>
    /// <param name="folder">The folder; made where missing, readable by its owner alone.</param>
    /// <param name="capacityBytes">Most bytes of payloads.</param>
    /// <param name="logger">Where logs go.</param>
    /// <param name="metrics">Counts.</param>
    /// <exception cref="IOException">It cannot be used, or another process uses it; the message says what to do.</exception>
    public DiskTier(string folder, long capacityBytes, ILogger logger, StorageMetrics metrics)
    {
        (_folder, CapacityBytes, _logger, _metrics) = (new DiskFolder(folder), capacityBytes, logger, metrics);
        foreach (var file in _folder.Adopt(MinPayloadBytes))
        {
            Add(file);
        }

        StorageLog.DiskTierOpened(_logger, _folder.Root, _files.Count, _usedBytes);
    }

    /// <summary>Most bytes of payloads.</summary>
    public long CapacityBytes { get; }

    /// <summary>Figures of now. Readable from any thread.</summary>
    public TierFigures Figures => new(
        KvTier.Disk, UsedBytes, CapacityBytes, Volatile.Read(ref _hits), Volatile.Read(ref _misses), Volatile.Read(ref _evictions));

    /// <summary>Bytes of payloads held now.</summary>
    public long UsedBytes => Volatile.Read(ref _usedBytes);

    /// <summary>Payloads held now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _files.Count;
            }
        }
    }

    /// <summary>Writes a payload in the background, unless it is here, small, or too much is waiting to be written.</summary>
    /// <param name="key">What its content is.</param>
    /// <param name="lease">Its content; the lease stays the caller's.</param>
    /// <returns>Ends when it is written, or is not going to be. Never faults.</returns>
    public Task OfferAsync(PayloadRef key, TierLease lease)
    {
        if (key.Length < MinPayloadBytes || key.Length > CapacityBytes)
        {
            return Task.CompletedTask;
        }

        var name = DiskFile.NameOf(key);
        lock (_lock)
        {
            if (_files.ContainsKey(name) || !_pending.Add(name))
            {
                return Task.CompletedTask;
            }

            if (_pendingBytes + key.Length > MaxPendingBytes)
            {
                _pending.Remove(name);
                _metrics.DiskTierDropped.Add(1);
                return Task.CompletedTask;
            }

            _pendingBytes += key.Length;
        }

        return WriteAsync(new DiskFile(name, key.Length, IsKnown: true), lease.Share());
    }

    /// <summary>Reads a payload.</summary>
    /// <param name="key">What is wanted.</param>
    /// <param name="destination">Receives it: exactly its length. Anything may be in it when it is not here.</param>
    /// <param name="isRecheck">Whether it is checked in any case.</param>
    /// <returns>Whether it is here, and whole as far as it was checked.</returns>
    public async Task<bool> TryReadAsync(PayloadRef key, Memory<byte> destination, bool isRecheck)
    {
        var name = DiskFile.NameOf(key);
        bool isChecked;
        lock (_lock)
        {
            if (!_files.TryGetValue(name, out var node))
            {
                return false;
            }

            _byUse.Remove(node);
            _byUse.AddLast(node);
            isChecked = isRecheck || !node.Value.IsKnown;
        }

        var fault = await _reads.RunAsync(
            () => _folder.Read(name, isChecked ? key.Checksum : null, destination.Span), CancellationToken.None);
        if (fault is null)
        {
            if (isChecked)
            {
                NoteChecked(name);
            }

            return true;
        }

        GiveUp(name, fault);
        return false;
    }

    /// <summary>Opens a payload's file, for sending it from there.</summary>
    /// <param name="key">What is wanted.</param>
    /// <returns>
    /// The file, as checked as what <see cref="TryReadAsync"/> gives out without a recheck; <see langword="null"/> where it is not here, or is to be checked
    /// first, by reading it. The caller disposes it.
    /// </returns>
    public async Task<KvFile?> TryOpenAsync(PayloadRef key)
    {
        var name = DiskFile.NameOf(key);
        lock (_lock)
        {
            if (_givenUp >= KvFile.MaxGivenUp || !_files.TryGetValue(name, out var node) || !node.Value.IsKnown)
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddLast(node);
            _hits++;
        }

        var (file, fault) = await _reads.RunAsync(() => _folder.Open(name, key.Length), CancellationToken.None);
        if (file is null)
        {
            GiveUp(name, fault!);
            return null;
        }

        file.GivenUp += reason =>
        {
            Interlocked.Increment(ref _givenUp);
            GiveUp(name, reason);
        };
        return file;
    }

    /// <summary>Whether a payload is to be found here. Reading may still fail.</summary>
    public bool Contains(PayloadRef key)
    {
        lock (_lock)
        {
            var isHere = _files.ContainsKey(DiskFile.NameOf(key));
            _hits += isHere ? 1 : 0;
            _misses += isHere ? 0 : 1;
            return isHere;
        }
    }

    /// <summary>Lets go of the folder; its files stay for the next one.</summary>
    public void Dispose() => _folder.Dispose();

    private async Task WriteAsync(DiskFile file, TierLease lease)
    {
        string? fault;
        using (lease)
        {
            var content = lease.Memory;
            fault = await _writes.RunAsync(() => Write(file, content.Span), CancellationToken.None);
        }

        lock (_lock)
        {
            _pending.Remove(file.Name);
            _pendingBytes -= file.Length;
        }

        if (fault is null)
        {
            _metrics.Demoted.Add(file.Length);
        }
        else
        {
            _metrics.DiskTierDropped.Add(1);
        }

        if (fault is not null && !_isFailing)
        {
            StorageLog.DiskTierFailed(_logger, _folder.Root, fault); // Once, until it works again.
        }

        _isFailing = fault is not null;
    }

    private string? Write(DiskFile file, ReadOnlySpan<byte> content)
    {
        var fault = _folder.Write(file.Name, content);
        if (fault is null)
        {
            Add(file);
        }

        return fault;
    }

    private void GiveUp(UInt128 name, string fault)
    {
        if (Forget(name))
        {
            _metrics.DiskTierDamaged.Add(1);
            StorageLog.DiskTierDamaged(_logger, _folder.PathOf(name), fault);
        }
    }

    private void Add(DiskFile file)
    {
        List<UInt128> evicted = [];
        lock (_lock)
        {
            if (!_files.TryAdd(file.Name, _byUse.AddLast(file)))
            {
                _byUse.RemoveLast();
                return;
            }

            _usedBytes += file.Length;
            while (_usedBytes > CapacityBytes && _byUse.First is { } oldest)
            {
                Remove(oldest);
                _evictions++;
                evicted.Add(oldest.Value.Name);
            }
        }

        evicted.ForEach(_folder.TryDelete);
    }

    private void NoteChecked(UInt128 name)
    {
        lock (_lock)
        {
            if (_files.TryGetValue(name, out var node))
            {
                node.Value = node.Value with { IsKnown = true };
            }
        }
    }

    private bool Forget(UInt128 name)
    {
        lock (_lock)
        {
            if (!_files.TryGetValue(name, out var node))
            {
                return false;
            }

            Remove(node);
        }

        _folder.TryDelete(name);
        return true;
    }

    private void Remove(LinkedListNode<DiskFile> node)
    {
        _byUse.Remove(node);
        _files.Remove(node.Value.Name);
        _usedBytes -= node.Value.Length;
    }
}
