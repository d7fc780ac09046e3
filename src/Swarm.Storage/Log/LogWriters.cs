using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Storage.Identity;

namespace Swarm.Storage.Log;

/// <summary>The logs that this silo writes: the present one, and those that contexts are leaving. Lives on the store's loop.</summary>
/// <param name="create">Starts a log.</param>
/// <param name="guard">Knows which store this is.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class LogWriters(Func<LogWriter> create, StoreGuard guard, ILogger logger)
{
    private readonly HashSet<LogWriter> _retiring = [];
    private LogWriter? _present;

    /// <summary>The present one; <see langword="null"/> before the first append. Readable from any thread.</summary>
    public LogWriter? Present => Volatile.Read(ref _present);

    private IEnumerable<LogWriter> All => _retiring.Append(_present).OfType<LogWriter>();

    /// <summary>The present one; a new one where there is none, or it is dead.</summary>
    /// <exception cref="Blobs.BlobStoreException">The store is not the one that it was.</exception>
    public LogWriter Current()
    {
        if (_present is { IsDead: false } present)
        {
            return present;
        }

        guard.ThrowIfEnded();
        var next = create();
        Volatile.Write(ref _present, next);
        StorageLog.WriterStarts(logger, next.Id);
        return next;
    }

    /// <summary>Whether a log is written here still: contexts may be in one that is being left, and collection may not know of them yet.</summary>
    public bool IsOwn(Id128 writer) => All.Any(own => own.Id == writer);

    /// <summary>A log that is written here and not dead.</summary>
    public LogWriter? Find(Id128 writer) => All.FirstOrDefault(own => !own.IsDead && own.Id == writer);

    /// <summary>Looks whether the store has what was acknowledged in each.</summary>
    /// <exception cref="Blobs.BlobStoreException">The store cannot be reached, or is not the same any more.</exception>
    public Task CheckAsync() => Task.WhenAll(All.Select(writer => writer.CheckAsync()).ToArray());

    /// <summary>Ends all of them: what is not acknowledged fails as unknown.</summary>
    public void Fence(string reason)
    {
        foreach (var writer in All.ToArray())
        {
            writer.Fence(reason);
        }
    }

    /// <summary>Leaves the present log: contexts move to the one that is returned.</summary>
    public LogWriter Rotate()
    {
        if (_present is { IsDead: false } old)
        {
            _retiring.Add(old);
            Volatile.Write(ref _present, null);
        }

        return Current();
    }

    /// <summary>Seals the logs that were left and that no context uses any more; another one stays until the next rotation.</summary>
    /// <param name="isUsed">Whether a context is in a log.</param>
    public async Task RetireAsync(Predicate<LogWriter> isUsed)
    {
        foreach (var writer in _retiring.Where(item => !isUsed(item)).ToArray())
        {
            if (await writer.RetireAsync() is { } seal)
            {
                guard.Keep(seal); // The log itself may be collected, and the next one is empty still.
            }

            _retiring.Remove(writer);
        }
    }
}
