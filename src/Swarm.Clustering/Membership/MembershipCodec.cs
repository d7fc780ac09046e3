using System.Globalization;
using System.Text.Json;
using Swarm.Format.Objects;

namespace Swarm.Clustering.Membership;

/// <summary>Between Orleans' membership entries, the persisted document and its bytes.</summary>
internal static class MembershipCodec
{
    // The same for every empty table, stored or not yet: all are the same state.
    private const string EmptyEtag = "0";

    /// <summary>An empty table.</summary>
    /// <param name="clusterId">Orleans' cluster id.</param>
    /// <returns>Version 0, without silos.</returns>
    public static MembershipDocument Empty(string clusterId) => new()
    {
        Format = MembershipDocument.FormatName,
        Version = MembershipDocument.CurrentVersion,
        ClusterId = clusterId,
        TableVersion = 0,
        TableEtag = EmptyEtag,
        Silos = [],
    };

    /// <summary>An ETag that was never used.</summary>
    /// <returns>32 hexadecimal digits.</returns>
    public static string NewEtag() => Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

    /// <summary>Encodes a document.</summary>
    /// <param name="document">The document.</param>
    /// <returns>UTF-8 JSON.</returns>
    public static byte[] Encode(MembershipDocument document) =>
        JsonSerializer.SerializeToUtf8Bytes(document, MembershipJson.Default.MembershipDocument);

    /// <summary>Decodes a document from bytes of any origin.</summary>
    /// <param name="name">The object's name, for the error.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="clusterId">The cluster whose table it must be.</param>
    /// <returns>The document.</returns>
    /// <exception cref="CorruptObjectException">It is not one, or of a version that this build does not know.</exception>
    public static MembershipDocument Decode(string name, ReadOnlySpan<byte> bytes, string clusterId)
    {
        MembershipDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(bytes, MembershipJson.Default.MembershipDocument);
        }
        catch (JsonException exception)
        {
            throw new CorruptObjectException($"'{name}' is not a membership table: {exception.Message}");
        }

        if (document is not { Format: MembershipDocument.FormatName })
        {
            throw new CorruptObjectException($"'{name}' is not a membership table: its format is '{document?.Format}'.");
        }

        if (document.Version is < 1 or > MembershipDocument.CurrentVersion)
        {
            throw new CorruptObjectException(
                $"'{name}' has version {document.Version}; this build knows up to {MembershipDocument.CurrentVersion}. "
                + "Update this silo.",
                isUnsupported: true);
        }

        return document.ClusterId == clusterId
            ? document
            : throw new CorruptObjectException(
                $"'{name}' is the table of cluster '{document.ClusterId}', not of '{clusterId}'.");
    }

    /// <summary>The row for an entry.</summary>
    /// <param name="entry">Orleans' entry.</param>
    /// <param name="etag">ETag of the row.</param>
    /// <returns>A new row.</returns>
    public static MembershipRow ToRow(MembershipEntry entry, string etag) => new()
    {
        Etag = etag,
        Address = entry.SiloAddress.ToParsableString(),
        Status = entry.Status.ToString(),
        GatewayPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = Utc(entry.StartTime),
        IAmAliveTime = Utc(entry.IAmAliveTime),
        Suspicions =
            [.. (entry.SuspectTimes ?? []).Select(vote => new MembershipVote(vote.Item1.ToParsableString(), Utc(vote.Item2)))],
    };

    /// <summary>What Orleans is told.</summary>
    /// <param name="name">The object's name, for the error.</param>
    /// <param name="document">The table.</param>
    /// <param name="only">One silo, or <see langword="null"/> for all.</param>
    /// <returns>Entries with their ETags, and the table's version.</returns>
    /// <exception cref="CorruptObjectException">A row holds no address or no status.</exception>
    public static MembershipTableData ToTable(string name, MembershipDocument document, SiloAddress? only)
    {
        List<Tuple<MembershipEntry, string>> members = [];
        foreach (var row in document.Silos)
        {
            try
            {
                var entry = ToEntry(row);
                if (only is null || entry.SiloAddress.Equals(only))
                {
                    members.Add(Tuple.Create(entry, row.Etag));
                }
            }
            catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
            {
                throw new CorruptObjectException($"'{name}': the row of '{row.Address}' is malformed: {exception.Message}");
            }
        }

        return new MembershipTableData(members, new TableVersion(document.TableVersion, document.TableEtag));
    }

    /// <summary>When a row last changed, or its silo last was heard.</summary>
    /// <param name="row">The row.</param>
    /// <returns>The latest of start, heartbeat and votes, UTC.</returns>
    public static DateTime LastChange(MembershipRow row)
    {
        var latest = row.StartTime > row.IAmAliveTime ? row.StartTime : row.IAmAliveTime;
        return row.Suspicions.Aggregate(latest, (time, vote) => vote.Time > time ? vote.Time : time);
    }

    private static MembershipEntry ToEntry(MembershipRow row) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(row.Address),
        Status = Enum.Parse<SiloStatus>(row.Status),
        ProxyPort = row.GatewayPort,
        HostName = row.HostName!,
        SiloName = row.SiloName!,
        RoleName = row.RoleName,
        UpdateZone = row.UpdateZone,
        FaultZone = row.FaultZone,
        StartTime = row.StartTime,
        IAmAliveTime = row.IAmAliveTime,
        SuspectTimes = row.Suspicions.Count == 0
            ? null
            : [.. row.Suspicions.Select(vote => Tuple.Create(SiloAddress.FromParsableString(vote.By), vote.Time))],
    };

    // Orleans' times are UTC, whatever their kind says.
    private static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
