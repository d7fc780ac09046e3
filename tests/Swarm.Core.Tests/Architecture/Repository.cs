namespace Swarm.Core.Tests.Architecture;

/// <summary>The repository that the tests were built in.</summary>
internal static class Repository
{
    private static readonly string[] _generated = ["bin", "obj", "node_modules"];

    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Text of a file, by its path from the root.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Files of some folders, with their sub-folders, without what tools generate; of the root folder ("."), the files in it alone.</summary>
    public static IEnumerable<string> Files(string pattern, params string[] folders) => folders.SelectMany(folder => Directory
        .EnumerateFiles(Path.Combine(Root, folder), pattern, folder == "." ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Intersect(_generated).Any()));

    private static string FindRoot()
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
