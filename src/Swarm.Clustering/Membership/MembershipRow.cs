namespace Swarm.Clustering.Membership;

/// <summary>One silo in the persisted membership table. Times are UTC.</summary>
internal sealed record MembershipRow
{
    /// <summary>Fresh with each insert and update of the row; "I am alive" leaves it.</summary>
    public required string Etag { get; init; }

    /// <summary>Orleans' parsable silo address: IP, port, generation.</summary>
    public required string Address { get; init; }

    /// <summary>Name of the status, such as <c>Active</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Port of the gateway, 0 for none.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>Host name of the machine.</summary>
    public string? HostName { get; init; }

    /// <summary>Name of the silo.</summary>
    public string? SiloName { get; init; }

    /// <summary>Orleans' role name.</summary>
    public string? RoleName { get; init; }

    /// <summary>Orleans' update zone.</summary>
    public int UpdateZone { get; init; }

    /// <summary>Orleans' fault zone.</summary>
    public int FaultZone { get; init; }

    /// <summary>When the silo started.</summary>
    public required DateTime StartTime { get; init; }

    /// <summary>When the silo last said that it is alive.</summary>
    public required DateTime IAmAliveTime { get; init; }

    /// <summary>Votes against the silo.</summary>
    public IReadOnlyList<MembershipVote> Suspicions { get; init; } = [];
}
