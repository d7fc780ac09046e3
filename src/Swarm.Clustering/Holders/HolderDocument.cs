using System.Text.Json.Serialization;

namespace Swarm.Clustering.Holders;

/// <summary>Who has the store: one JSON object, replaced by compare-and-swap every few seconds while a silo lives.</summary>
/// <remarks>
/// <c>cluster/holder</c>. One silo alone, or all silos of one store cluster, have a store. A reader that cannot read the
/// document knows a holder by the object's changes alone.
/// </remarks>
internal sealed record HolderDocument
{
    /// <summary>What the object says it is.</summary>
    public const string FormatName = "swarm.holder";

    /// <summary>The version written, and the highest read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Always <see cref="FormatName"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Version of this layout, from 1.</summary>
    public required int Version { get; init; }

    /// <summary>The cluster that shares the store; <see langword="null"/> where one silo has it alone.</summary>
    public required string? SharedBy { get; init; }

    /// <summary>Id of the silo's run that wrote this, fresh at each start.</summary>
    public required Guid Run { get; init; }

    /// <summary>Grows by one with each write, so that every write is a change.</summary>
    public required long Beat { get; init; }

    /// <summary>Whether the holder has left: the store is free.</summary>
    public required bool IsReleased { get; init; }

    /// <summary>The process that wrote this.</summary>
    public required HolderProcess Process { get; init; }

    /// <summary>Whether this version can be read.</summary>
    [JsonIgnore]
    public bool IsKnown => Format == FormatName && Version is >= 1 and <= CurrentVersion;
}
