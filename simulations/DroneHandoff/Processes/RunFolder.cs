namespace DroneHandoff.Processes;

/// <summary>A folder under the system's temporary one that holds a run's blobs and logs.</summary>
internal sealed class RunFolder : IDisposable
{
    /// <summary>Makes a fresh folder.</summary>
    public RunFolder() => Path = Directory.CreateTempSubdirectory("swarm-drone-").FullName;

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Name that no other run has.</summary>
    public string RunId => System.IO.Path.GetFileName(Path).ToLowerInvariant().Replace("swarm-drone-", "", StringComparison.Ordinal);

    /// <summary>Whether the folder stays: set on failure, for its logs.</summary>
    public bool IsKept { get; set; }

    /// <summary>A path in the folder.</summary>
    /// <param name="name">Name of a file or folder.</param>
    /// <returns>The full path.</returns>
    public string Combine(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Removes the folder, unless it is kept.</summary>
    public void Dispose()
    {
        if (!IsKept)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
