namespace Swarm.Tool.Verification;

/// <summary>What was looked at.</summary>
internal sealed class VerifyCounts
{
    /// <summary>Tenants.</summary>
    public int Tenants { get; set; }

    /// <summary>Models.</summary>
    public int Models { get; set; }

    /// <summary>Contexts.</summary>
    public int Contexts { get; set; }

    /// <summary>Pages of the contexts' manifests.</summary>
    public long Pages { get; set; }

    /// <summary>KV extents.</summary>
    public long Extents { get; set; }

    /// <summary>Positions whose inputs are durable, of all contexts.</summary>
    public long Tokens { get; set; }

    /// <summary>Segments that some context needs.</summary>
    public long Segments { get; set; }

    /// <summary>Indexes of logs.</summary>
    public long Indexes { get; set; }

    /// <summary>Seals.</summary>
    public long Seals { get; set; }

    /// <summary>Chunks that some context needs.</summary>
    public long Chunks { get; set; }

    /// <summary>Bytes of KV payload whose checksums were computed.</summary>
    public long KvBytes { get; set; }
}
