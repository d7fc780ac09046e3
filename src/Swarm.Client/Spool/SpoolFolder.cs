using System.Globalization;
using System.Text;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;

namespace Swarm.Client.Spool;

/// <summary>The spools of one agent's sessions on one context, locked for this process until it is disposed.</summary>
internal sealed class SpoolFolder : IDisposable
{
    private const string LockName = "lock";
    private const string PidName = "lock.pid";

    // What an exception for a locked file says: EWOULDBLOCK, or a sharing violation. The kernel frees a dead process's lock.
    private const int LinuxInUse = 11;
    private const int MacInUse = 35;
    private const int WindowsInUse = unchecked((int)0x80070020);

    private readonly FileStream _lock;

    private SpoolFolder(string path, FileStream locked) => (Path, _lock) = (path, locked);

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Makes the folder where it is missing, and locks it.</summary>
    /// <param name="root">The folder of all spools, <see cref="MemoryOptions.SpoolPath"/>.</param>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="agent">Agent name.</param>
    /// <param name="context">Context name.</param>
    /// <exception cref="SpoolException">Another process uses it, or it cannot be made.</exception>
    public static SpoolFolder Open(string root, string tenant, string agent, string context)
    {
        var path = PathOf(root, tenant, agent, context);
        FileStream? locked = null;
        try
        {
            MakeDirectory(path);
            locked = Create(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileShare.None);
            using var pid = Create(System.IO.Path.Combine(path, PidName), FileMode.Create, FileShare.ReadWrite);
            pid.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            return new SpoolFolder(path, locked);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var isInUse = locked is null && exception.HResult is LinuxInUse or MacInUse or WindowsInUse;
            locked?.Dispose();
            throw new SpoolException(
                isInUse
                    ? $"The spool '{path}' is in use by process {Holder(path)}: one session at a time uses it. Dispose or end "
                        + $"that one, or give this one another {nameof(MemoryOptions.SpoolPath)}."
                    : $"The spool '{path}' cannot be made: {exception.Message} Check the folder, its permissions and its disk.",
                exception);
        }
    }

    /// <summary>Where the spools of an agent's sessions on a context are.</summary>
    public static string PathOf(string root, string tenant, string agent, string context)
    {
        // Only [a-z0-9-] go into the name; the digest tells tenants and contexts apart.
        var digest = Digest256.Sha256(Encoding.ASCII.GetBytes($"{tenant}\n{agent}\n{context}")).ToString();
        return System.IO.Path.Combine(System.IO.Path.GetFullPath(root), $"{agent}-{digest[..16]}");
    }

    /// <summary>Folders of sessions, the newest first.</summary>
    public IReadOnlyList<string> Sessions() =>
        [.. Directory.EnumerateDirectories(Path).OrderByDescending(path => path, StringComparer.Ordinal)];

    /// <summary>Makes the folder of a new session.</summary>
    public string MakeSession(Epoch epoch, SessionSecret secret)
    {
        var path = System.IO.Path.Combine(
            Path, string.Create(CultureInfo.InvariantCulture, $"{epoch.Value:x16}-{secret.Hash.ToString()[..8]}"));
        MakeDirectory(path);
        return path;
    }

    /// <summary>Bytes of all files.</summary>
    public long UsedBytes() => BytesOf(Path);

    /// <summary>Bytes of all files in a folder.</summary>
    public static long BytesOf(string path) =>
        new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>Creates or opens a file that nobody but its owner can read.</summary>
    public static FileStream Create(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Holder(string path)
    {
        try
        {
            return File.ReadAllText(System.IO.Path.Combine(path, PidName));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }
}
