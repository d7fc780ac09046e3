using System.Globalization;

namespace Swarm.Host.Connections;

/// <summary>How many connections each port takes, so that the process's limit of open files leaves enough for the store.</summary>
/// <param name="Gateway">Connections of clients.</param>
/// <param name="DataPlane">Connections of the data plane.</param>
/// <param name="Http">Connections to the health endpoints.</param>
/// <param name="Silo">Connections of other silos.</param>
internal sealed record ConnectionLimits(int Gateway, int DataPlane, int Http, int Silo)
{
    /// <summary>Files kept for the store, the runtime and connections that are about to be refused.</summary>
    public const int Reserve = 320;

    /// <summary>Least limit of open files with which a silo starts.</summary>
    public const int LeastFiles = 512;

    private const string LimitsFile = "/proc/self/limits";
    private const int MostHttp = 256;
    private const int MostSilo = 1024;

    /// <summary>Shares the files that are left between the ports.</summary>
    /// <param name="files">Most files that the process may have open (<c>ulimit -n</c>); at least <see cref="LeastFiles"/>.</param>
    /// <param name="mostDataPlane">Most connections of the data plane by its own settings.</param>
    /// <returns>The limits.</returns>
    public static ConnectionLimits Share(long files, int mostDataPlane)
    {
        var left = (int)Math.Min(files - Reserve, 1 << 20);
        var (http, silo) = (Math.Min(MostHttp, left / 8), Math.Min(MostSilo, left / 8));
        var each = (left - http - silo) / 2;
        return new ConnectionLimits(each, Math.Min(each, mostDataPlane), http, silo);
    }

    /// <summary>The process's limit of open files.</summary>
    /// <param name="faults">Receives a sentence when it is too low for a silo.</param>
    /// <returns>The limit; <see cref="long.MaxValue"/> where there is none, or it is not known.</returns>
    public static long ReadFileLimit(List<string> faults)
    {
        var files = long.MaxValue;
        if (File.Exists(LimitsFile))
        {
            const string Name = "Max open files";
            var line = File.ReadLines(LimitsFile).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
            var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
            files = long.TryParse(soft, CultureInfo.InvariantCulture, out var known) ? known : files;
        }

        if (files < LeastFiles)
        {
            faults.Add($"This process may open {files} files; a silo needs at least {LeastFiles}. Raise 'ulimit -n', or LimitNOFILE of the unit.");
        }

        return files;
    }
}
