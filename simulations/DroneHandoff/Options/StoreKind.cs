namespace DroneHandoff.Options;

/// <summary>Where the silo keeps its blobs.</summary>
internal enum StoreKind
{
    /// <summary>A folder of the run.</summary>
    File,

    /// <summary>Azurite, started by the demo.</summary>
    Azurite,

    /// <summary>An Azure Blob account, by connection string.</summary>
    Azure,
}
