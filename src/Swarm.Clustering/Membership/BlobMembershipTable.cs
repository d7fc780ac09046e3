using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;

namespace Swarm.Clustering.Membership;

/// <summary>Orleans' membership table in one object of the blob store, changed by compare-and-swap.</summary>
/// <remarks>
/// Each operation reads the table, decides, and replaces it if nobody else did in between; a lost race is run again.
/// An answer that was lost shows as a lost race whose winner is this very operation: the row's fresh ETag tells.
/// </remarks>
/// <param name="store">Where the table is.</param>
/// <param name="cluster">Names the cluster.</param>
/// <param name="options">Settings.</param>
/// <param name="timeProvider">The clock of the pauses.</param>
/// <param name="logger">Where logs go.</param>
public sealed class BlobMembershipTable(
    IBlobStore store,
    IOptions<ClusterOptions> cluster,
    IOptions<StoreClusteringOptions> options,
    TimeProvider timeProvider,
    ILogger<BlobMembershipTable> logger) : IMembershipTable
{
    private const int FirstReadBytes = 64 << 10;

    private readonly string _clusterId = cluster.Value.ClusterId;
    private readonly string _name = NameOf(cluster.Value.ClusterId);
    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(3);

    private readonly MembershipClock _clock = new(timeProvider, logger);
    private SiloAddress? _leaving;

    /// <summary>Name of a cluster's table in the store.</summary>
    /// <param name="clusterId">Orleans' cluster id; of [a-z0-9._-], as object names are.</param>
    /// <returns><c>cluster/&lt;cluster id&gt;/membership</c>.</returns>
    public static string NameOf(string clusterId) => $"cluster/{clusterId}/membership";

    /// <summary>Finds a generation that no silo had at an endpoint.</summary>
    /// <param name="table">The table, as it was read.</param>
    /// <param name="endpoint">Address and port between silos.</param>
    /// <returns>1 more than the highest generation in the table; 0 where there is none.</returns>
    /// <exception cref="CorruptObjectException">The table holds the highest generation that there is.</exception>
    public int FindNextGeneration(MembershipTableData table, IPEndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(endpoint);
        var last = table.Members
            .Select(member => member.Item1.SiloAddress)
            .Where(address => address.Endpoint.Equals(endpoint))
            .Max(address => (int?)address.Generation) ?? -1;
        return last < int.MaxValue
            ? last + 1
            : throw new CorruptObjectException(
                $"'{_name}' has a silo at {endpoint} of generation {last}, the highest that there is: use another port, or delete the "
                + "table while no silo runs.");
    }

    /// <inheritdoc/>
    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        var (_, etag) = await ReadAsync();
        if (etag is null && tryInitTableVersion)
        {
            // Refused: another silo made it, which is as good.
            await store.CreateAsync(_name, Content(MembershipCodec.Empty(_clusterId)), CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public Task DeleteMembershipTableEntries(string clusterId) =>
        store.DeleteAsync(NameOf(clusterId), CancellationToken.None);

    /// <inheritdoc/>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => ChangeAsync(
        table =>
        {
            var kept = table.Silos
                .Where(row => row.Status == nameof(SiloStatus.Active)
                    || MembershipCodec.LastChange(row) >= beforeDate.UtcDateTime)
                .ToArray();
            return kept.Length == table.Silos.Count ? null : table with { Silos = kept };
        },
        _ => false);

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadRow(SiloAddress key) =>
        MembershipCodec.ToTable(_name, _clock.ToLocal((await ReadAsync()).Table), key);

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadAll() =>
        MembershipCodec.ToTable(_name, _clock.ToLocal((await ReadAsync()).Table), null);

    /// <inheritdoc/>
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        var row = MembershipCodec.ToRow(entry, MembershipCodec.NewEtag());
        return ChangeAsync(
            table => table.TableEtag != tableVersion.VersionEtag || Find(table, row.Address) is not null
                ? null
                : Advance(table, tableVersion, [.. table.Silos, row]),
            table => Find(table, row.Address)?.Etag == row.Etag);
    }

    /// <inheritdoc/>
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(tableVersion);
        var row = MembershipCodec.ToRow(entry, MembershipCodec.NewEtag());
        var changing = ChangeAsync(
            table => table.TableEtag == tableVersion.VersionEtag && Find(table, row.Address) is { } stored && stored.Etag == etag
                ? Advance(table, tableVersion, Replace(table, _clock.ToStored(row, stored)))
                : null,
            table => Find(table, row.Address)?.Etag == row.Etag);
        if (entry.Status is SiloStatus.ShuttingDown or SiloStatus.Stopping)
        {
            _leaving = entry.SiloAddress; // These a silo says of itself alone.
        }

        return entry.SiloAddress.Equals(_leaving) ? FarewellAsync(changing, entry.Status) : changing;
    }

    /// <summary>A silo that stops does not wait for a store that takes nothing: Orleans would repeat this for as long as it fails.</summary>
    private async Task<bool> FarewellAsync(Task<bool> changing, SiloStatus status)
    {
        try
        {
            return await changing.WaitAsync(FarewellTimeout, timeProvider);
        }
        catch (Exception exception) when (exception is BlobStoreException or TimeoutException)
        {
            _ = changing.ContinueWith(
                static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            ClusteringLog.FarewellFailed(logger, status, _name, exception.Message);
            return true;
        }
    }

    /// <inheritdoc/>
    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var address = entry.SiloAddress.ToParsableString();
        var time = DateTime.SpecifyKind(entry.IAmAliveTime, DateTimeKind.Utc);
        return ChangeAsync(
            table => Find(table, address) is { } row && row.IAmAliveTime != time
                ? table with { Silos = Replace(table, row with { IAmAliveTime = time }) }
                : null,
            _ => false);
    }

    private static MembershipRow? Find(MembershipDocument table, string address) =>
        table.Silos.FirstOrDefault(row => row.Address == address);

    private static MembershipRow[] Replace(MembershipDocument table, MembershipRow row) =>
        [.. table.Silos.Select(other => other.Address == row.Address ? row : other)];

    private static MembershipDocument Advance(
        MembershipDocument table, TableVersion version, IReadOnlyList<MembershipRow> silos) => table with
        {
            TableVersion = version.Version,
            TableEtag = MembershipCodec.NewEtag(),
            Silos = silos,
        };

    private static ReadOnlySequence<byte> Content(MembershipDocument table) => new(MembershipCodec.Encode(table));

    /// <summary>Changes the table.</summary>
    /// <param name="change">The changed table, or <see langword="null"/> where the change does not apply.</param>
    /// <param name="isDone">Whether a table already holds this very change.</param>
    /// <returns>Whether the table was changed.</returns>
    /// <exception cref="BlobStoreException">The store failed, or every race was lost.</exception>
    private async Task<bool> ChangeAsync(
        Func<MembershipDocument, MembershipDocument?> change, Func<MembershipDocument, bool> isDone)
    {
        for (var attempt = 0; attempt < options.Value.MaxAttempts; attempt++)
        {
            if (attempt > 0)
            {
                await Task.Delay(options.Value.MaxPause * Random.Shared.NextDouble(), timeProvider);
            }

            var (table, etag) = await ReadAsync();
            if (attempt > 0 && isDone(table))
            {
                return true;
            }

            if (change(table) is not { } changed)
            {
                return false;
            }

            if (await TryWriteAsync(changed, etag, attempt))
            {
                return true;
            }

            ClusteringLog.LostRace(logger, _name, attempt + 1);
        }

        throw new BlobStoreException(
            $"'{_name}' was changed by others {options.Value.MaxAttempts} times in a row: it is under heavy contention.",
            isTransient: true);
    }

    // False: somebody else changed the table, or the answer was lost. The next look tells which.
    private async Task<bool> TryWriteAsync(MembershipDocument table, string? etag, int attempt)
    {
        try
        {
            var write = etag is null
                ? await store.CreateAsync(_name, Content(table), CancellationToken.None)
                : await store.ReplaceAsync(_name, Content(table), etag, CancellationToken.None);
            return !write.IsRefused;
        }
        catch (BlobStoreException exception) when (exception.IsTransient && attempt + 1 < options.Value.MaxAttempts)
        {
            ClusteringLog.LostAnswer(logger, _name, exception.Message);
            return false;
        }
    }

    private async Task<(MembershipDocument Table, string? ETag)> ReadAsync()
    {
        var buffer = new byte[FirstReadBytes];
        while (true)
        {
            var read = await store.ReadAsync(_name, 0, buffer, CancellationToken.None);
            if (read.IsMissing)
            {
                return (MembershipCodec.Empty(_clusterId), null);
            }

            if (read.Length > StoreClusteringOptions.MaxTableBytes)
            {
                throw new CorruptObjectException(
                    $"'{_name}' has {read.Length} bytes; a membership table has at most "
                    + $"{StoreClusteringOptions.MaxTableBytes}.");
            }

            if (read.Count == read.Length)
            {
                return (MembershipCodec.Decode(_name, buffer.AsSpan(0, read.Count), _clusterId), read.ETag);
            }

            buffer = new byte[read.Length];
        }
    }
}
