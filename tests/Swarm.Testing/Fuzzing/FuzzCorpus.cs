namespace Swarm.Testing.Fuzzing;

/// <summary>Inputs worth keeping: one for each way in which a parser was seen to behave. A text file, a line of Base64 each.</summary>
public sealed class FuzzCorpus
{
    private readonly string _path;
    private readonly List<byte[]> _inputs;

    /// <summary>Reads a file of the repository; one that is not there is empty.</summary>
    /// <param name="relativePath">Path below the folder of Swarm.sln.</param>
    public FuzzCorpus(string relativePath)
    {
        _path = Path.Combine(RepositoryRoot(), relativePath);
        _inputs = File.Exists(_path)
            ? [.. File.ReadLines(_path).Where(line => line.Length > 0).Select(Convert.FromBase64String)]
            : [];
    }

    /// <summary>The inputs.</summary>
    public IReadOnlyList<byte[]> Inputs => _inputs;

    /// <summary>Appends an input to the file.</summary>
    public void Keep(byte[] input)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        File.AppendAllLines(_path, [Convert.ToBase64String(input)]);
        _inputs.Add(input);
    }

    private static string RepositoryRoot()
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
