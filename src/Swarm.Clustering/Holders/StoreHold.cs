using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Swarm.Storage.Blobs;

namespace Swarm.Clustering.Holders;

/// <summary>Says in the store who has it, so that no two silos that do not know of each other take each other's logs.</summary>
/// <remarks>
/// It adds no safety, the logs' seals fence; it keeps silos from fencing each other in turn. The document changes every
/// <see cref="Period"/> while its holder lives. One that ended on this machine is known to be gone at once; of any other,
/// a document that stays as it is for <see cref="Silence"/> is taken for one that nobody holds. No clocks are compared.
/// A document of somebody else is not always a taker's: the store may have been replaced, or set back, with the document in it.
/// </remarks>
public sealed class StoreHold : IAsyncDisposable
{
    /// <summary>Name of the document.</summary>
    public const string ObjectName = "cluster/holder";

    private const int MaxBytes = 16 << 10;

    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    private readonly IBlobStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string? _sharedBy;
    private readonly HolderProcess _self;
    private readonly Guid _run = Guid.NewGuid();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Func<CancellationToken, Task<bool>> _isReplaced;
    private Task _renewing = Task.CompletedTask;
    private string? _etag;
    private long _beat;
    private long _renewed;
    private string? _fault;
    private (string ETag, long Since)? _other;

    private StoreHold(
        IBlobStore store,
        string? sharedBy,
        HolderProcess self,
        TimeProvider time,
        ILogger logger,
        Func<CancellationToken, Task<bool>> isReplaced)
    {
        _store = store;
        _sharedBy = sharedBy;
        _self = self;
        _time = time;
        _logger = logger;
        _isReplaced = isReplaced;
    }

    /// <summary>How often a living holder writes.</summary>
    public static TimeSpan Period => TimeSpan.FromSeconds(4);

    /// <summary>How long the document of a holder elsewhere must stay as it is before the store counts as free.</summary>
    public static TimeSpan Silence => TimeSpan.FromSeconds(15);

    /// <summary>Why the store is not, or not known to be, this silo's; <see langword="null"/> while it is.</summary>
    public string? Fault
    {
        get
        {
            if (Volatile.Read(ref _fault) is { } fault)
            {
                return fault;
            }

            var age = _time.GetElapsedTime(Volatile.Read(ref _renewed));
            return age <= Silence ? null : $"'{ObjectName}' could not be renewed for {age.TotalSeconds:0} s: another silo may take the store";
        }
    }

    /// <summary>Takes the store, or joins the cluster that has it, and keeps it until disposal.</summary>
    /// <param name="store">The store. Not disposed.</param>
    /// <param name="sharedBy">Id of the cluster whose silos share it; <see langword="null"/> for one silo alone.</param>
    /// <param name="time">Clock of the pauses.</param>
    /// <param name="logger">Where to log.</param>
    /// <param name="isReplaced">Whether another store is in the place of this one: then nobody has taken this one. May fail as the store does.</param>
    /// <param name="lost">Called once when another holder has taken the store meanwhile, and lives, with the reason.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The hold. It takes up to <see cref="Silence"/> where the last holder did not leave and ran elsewhere.</returns>
    /// <exception cref="StoreHeldException">Another silo has it, and lives.</exception>
    /// <exception cref="BlobStoreException">The store failed.</exception>
    public static Task<StoreHold> TakeAsync(
        IBlobStore store,
        string? sharedBy,
        TimeProvider time,
        ILogger logger,
        Func<CancellationToken, Task<bool>> isReplaced,
        Action<string> lost,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(isReplaced);
        ArgumentNullException.ThrowIfNull(lost);
        return TakeAsync(store, sharedBy, HolderProcess.Current, time, logger, isReplaced, lost, cancellationToken);
    }

    /// <summary>Takes it as another process: for tests that run several silos in one.</summary>
    internal static async Task<StoreHold> TakeAsync(
        IBlobStore store,
        string? sharedBy,
        HolderProcess self,
        TimeProvider time,
        ILogger logger,
        Func<CancellationToken, Task<bool>> isReplaced,
        Action<string> lost,
        CancellationToken cancellationToken)
    {
        var hold = new StoreHold(store, sharedBy, self, time, logger, isReplaced);
        while (!await hold.TryTakeAsync(cancellationToken))
        {
        }

        hold.NoteRenewed();
        hold._renewing = hold.RenewAsync(lost);
        return hold;
    }

    /// <summary>Leaves the store. Best effort: whoever comes next waits for <see cref="Silence"/> where the store does not answer.</summary>
    /// <returns>A task that ends when it is left.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        Stop();
        if (_sharedBy is null && _fault is null)
        {
            try
            {
                await _renewing.WaitAsync(Period, _time);
                await WriteAsync(_etag, isReleased: true, CancellationToken.None).WaitAsync(Period, _time);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                ClusteringLog.HoldNotLeft(_logger, ObjectName, Silence.TotalSeconds, exception.Message);
            }
        }
    }

    private async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        var (found, etag) = await ReadAsync(cancellationToken);
        if (etag is not null && !IsFree(found))
        {
            await WaitForEndAsync(found, etag, cancellationToken);
        }

        return await WriteAsync(etag, isReleased: false, cancellationToken);
    }

    /// <summary>Whether the store can be had at once: it was left, it is shared with this silo, or its holder ended here.</summary>
    private bool IsFree(HolderDocument? found)
    {
        if (found is null)
        {
            return false; // Not readable: only its changes tell.
        }

        if (found.IsReleased || IsMine(found))
        {
            return true;
        }

        // Others of a cluster may live, whatever became of the one that wrote last.
        return found.SharedBy is null && found.Process.IsGone;
    }

    private bool IsMine(HolderDocument found) =>
        found.Run == _run || (_sharedBy is not null && found.SharedBy == _sharedBy);

    private async Task WaitForEndAsync(HolderDocument? found, string etag, CancellationToken cancellationToken)
    {
        // One that was just killed may take a moment to end.
        var isHere = found is { SharedBy: null, Process.IsHere: true };
        var limit = isHere ? EndLimit : Silence;
        if (!isHere)
        {
            ClusteringLog.WaitsForHolder(_logger, Describe(found), limit.TotalSeconds);
        }

        var started = _time.GetTimestamp();
        while (_time.GetElapsedTime(started) < limit)
        {
            await Task.Delay(LookPeriod, _time, cancellationToken);
            if (isHere && found!.Process.IsGone)
            {
                return;
            }

            var (now, nowEtag) = await ReadAsync(cancellationToken);
            if (nowEtag != etag)
            {
                if (nowEtag is null || IsFree(now))
                {
                    return;
                }

                throw Held(now);
            }
        }

        if (isHere)
        {
            throw Held(found);
        }
    }

    private static StoreHeldException Held(HolderDocument? holder) => new(
        $"The store is in use by {Describe(holder)}, which is still running. Two silos on one store would take over each other's logs. Stop that one, give "
        + "this silo a store of its own, or let all of them share it as one cluster: Swarm:Cluster:Kind=store and the same "
        + "Swarm:Cluster:ClusterId; embedded, UseStoreClustering and the same SwarmSiloOptions.SharedBy.");

    private static string Describe(HolderDocument? holder) => holder switch
    {
        null => $"a silo whose entry '{ObjectName}' this version cannot read",
        { SharedBy: { } cluster } => $"the silos of cluster '{cluster}' (one is {holder.Process})",
        _ => $"a silo alone (Swarm:Cluster:Kind=localhost), {holder.Process}",
    };

    private async Task RenewAsync(Action<string> lost)
    {
        using var timer = new PeriodicTimer(Period, _time);
        while (await NextAsync(timer))
        {
            try
            {
                if (await RenewOnceAsync() is { } reason)
                {
                    Volatile.Write(ref _fault, reason);
                    ClusteringLog.HoldLost(_logger, reason);
                    lost(reason);
                    return;
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // Whatever it was, the next attempt may succeed; without one for long, the fault says so.
                ClusteringLog.HoldNotRenewed(_logger, ObjectName, exception.Message);
            }
        }
    }

    private void Stop() => _stopping.Cancel();

    private async Task<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Why the store is lost, or <see langword="null"/>.</summary>
    private async Task<string?> RenewOnceAsync()
    {
        var (found, etag) = await ReadAsync(_stopping.Token);
        if (etag is null)
        {
            // It is not made anew: this is not the store that was taken.
            NoteLost($"'{ObjectName}' is gone: the store was emptied or replaced under this silo");
            return null;
        }

        if (found is null || !IsMine(found))
        {
            return await LookAtOtherAsync(found, etag);
        }

        // In a cluster one write a period is enough, whoever makes it.
        if (etag != _etag)
        {
            _etag = etag;
            NoteRenewed();
        }
        else if (await WriteAsync(etag, isReleased: false, _stopping.Token))
        {
            NoteRenewed();
        }

        return null;
    }

    /// <summary>Whether somebody who lives has taken the store: the document of another run is there.</summary>
    /// <returns>Why the store is lost, or <see langword="null"/>.</returns>
    private async Task<string?> LookAtOtherAsync(HolderDocument? found, string etag)
    {
        if (await _isReplaced(_stopping.Token))
        {
            // The contexts end by themselves. The process stays: it would be started again over the wrong store.
            NoteLost($"'{ObjectName}' is of {Describe(found)}: the store was replaced, or set back, under this silo");
            return null;
        }

        var isFree = IsFree(found);
        if (!isFree && _other is { } other && other.ETag != etag)
        {
            return $"the store was taken by {Describe(found)} while this silo stood still or could not reach it";
        }

        var since = _other?.Since ?? _time.GetTimestamp();
        _other = (etag, since);
        if ((isFree || _time.GetElapsedTime(since) >= Silence) && await WriteAsync(etag, isReleased: false, _stopping.Token))
        {
            NoteRenewed(); // As at a start: that holder has left, or died.
            ClusteringLog.HoldTakenBack(_logger, ObjectName, Describe(found));
            return null;
        }

        var doubt = $"'{ObjectName}' is of {Describe(found)}; whether that still runs is not known yet";
        if (Interlocked.Exchange(ref _fault, doubt) != doubt)
        {
            ClusteringLog.HoldInDoubt(_logger, ObjectName, Describe(found), Silence.TotalSeconds);
        }

        return null;
    }

    private void NoteLost(string fault)
    {
        if (Interlocked.Exchange(ref _fault, fault) != fault)
        {
            ClusteringLog.HoldLost(_logger, fault);
        }
    }

    private void NoteRenewed()
    {
        _other = null;
        Volatile.Write(ref _renewed, _time.GetTimestamp());
        Volatile.Write(ref _fault, null);
    }

    private async Task<bool> WriteAsync(string? expected, bool isReleased, CancellationToken cancellationToken)
    {
        var document = new HolderDocument
        {
            Format = HolderDocument.FormatName,
            Version = HolderDocument.CurrentVersion,
            SharedBy = _sharedBy,
            Run = _run,
            Beat = ++_beat,
            IsReleased = isReleased,
            Process = _self,
        };
        var content = new ReadOnlySequence<byte>(JsonSerializer.SerializeToUtf8Bytes(document, HolderJson.Default.HolderDocument));
        var write = expected is null
            ? await _store.CreateAsync(ObjectName, content, cancellationToken)
            : await _store.ReplaceAsync(ObjectName, content, expected, cancellationToken);
        if (write.IsRefused)
        {
            return false;
        }

        _etag = write.ETag;
        return true;
    }

    private async Task<(HolderDocument? Document, string? ETag)> ReadAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxBytes];
        var read = await _store.ReadAsync(ObjectName, 0, buffer, cancellationToken);
        if (read.IsMissing)
        {
            return (null, null);
        }

        try
        {
            var document = JsonSerializer.Deserialize(buffer.AsSpan(0, read.Count), HolderJson.Default.HolderDocument);
            return (document is { IsKnown: true } ? document : null, read.ETag);
        }
        catch (JsonException)
        {
            return (null, read.ETag);
        }
    }
}
