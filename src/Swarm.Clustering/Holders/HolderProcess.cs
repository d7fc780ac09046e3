using System.Diagnostics;
using System.Globalization;

namespace Swarm.Clustering.Holders;

/// <summary>A process, named so that others on its machine can tell whether it is gone.</summary>
/// <param name="Machine">Name of the machine.</param>
/// <param name="Scope">Within what the id is one process: the boot of the kernel and the PID namespace; empty where not known.</param>
/// <param name="Id">Process id.</param>
/// <param name="Started">When it started, in ticks of the kernel; empty where not known.</param>
internal sealed record HolderProcess(string Machine, string Scope, int Id, string Started)
{
    private const int StateField = 0; // Counted behind the name in parentheses.
    private const int StartField = 19;

    /// <summary>This process.</summary>
    public static HolderProcess Current { get; } = new(
        Environment.MachineName, OwnScope(), Environment.ProcessId, StatOf(Environment.ProcessId) is { } stat ? stat[StartField] : "");

    /// <summary>Whether it ran where this process runs, so that its end can be seen from here.</summary>
    public bool IsHere => Scope.Length > 0 && Scope == Current.Scope;

    /// <summary>Whether it has certainly ended: it ran here, and no process of its id and start is left.</summary>
    public bool IsGone => IsHere && (!IsRunning(Id) || IsAnother());

    /// <summary>The process in words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {Id} on '{Machine}'");

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string OwnScope()
    {
        try
        {
            var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            var space = new FileInfo("/proc/self/ns/pid").LinkTarget;
            return space is null ? "" : $"{boot} {space}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string[]? StatOf(int id)
    {
        try
        {
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Length > StartField ? fields : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // Hidden, or just gone.
        }
    }

    private bool IsAnother() =>
        StatOf(Id) is { } stat && (stat[StateField] is "Z" or "X" || (Started.Length > 0 && stat[StartField] != Started));
}
