namespace Swarm.Clustering.Membership;

/// <summary>The persisted membership table of one cluster: one JSON object, replaced as a whole.</summary>
/// <remarks>
/// <c>cluster/&lt;cluster id&gt;/membership</c>. A reader refuses another <see cref="Format"/> and a higher
/// <see cref="Version"/>, and never replaces what it refused. The table's own ETag is not the object's: saying
/// "I am alive" replaces the object and leaves the table's version and ETag, and each row's, as they are.
/// </remarks>
internal sealed record MembershipDocument
{
    /// <summary>What the object says it is.</summary>
    public const string FormatName = "swarm.membership";

    /// <summary>The version written, and the highest read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Always <see cref="FormatName"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Version of this layout, from 1.</summary>
    public required int Version { get; init; }

    /// <summary>Orleans' cluster id.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Version of the table: grows with each insert and update.</summary>
    public required int TableVersion { get; init; }

    /// <summary>Fresh with each insert and update.</summary>
    public required string TableEtag { get; init; }

    /// <summary>One row for each silo.</summary>
    public required IReadOnlyList<MembershipRow> Silos { get; init; }
}
