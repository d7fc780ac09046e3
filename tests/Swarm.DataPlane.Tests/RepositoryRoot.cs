namespace Swarm.DataPlane.Tests;

/// <summary>The folder of Swarm.sln, above where the tests run.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            if (File.Exists(System.IO.Path.Combine(folder, "Swarm.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException($"No Swarm.sln above {AppContext.BaseDirectory}.");
    }
}
