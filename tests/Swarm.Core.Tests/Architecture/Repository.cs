namespace Swarm.Core.Tests.Architecture;

/// <summary>The repository that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Swarm.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException($"No Swarm.sln above {AppContext.BaseDirectory}.");
    }
}
