using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Swarm.Storage.Blobs;

namespace Swarm.Azurite;

/// <summary>A folder of the repository with a program for Node.js: where it is, and how the npm packages that it needs get there.</summary>
public static class NodePackage
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(200);

    /// <summary>Looks for a program in the folders around this one.</summary>
    /// <param name="folder">The program's folder, from the root, with slashes.</param>
    /// <param name="program">The program's file in it.</param>
    /// <returns>Full path of the folder.</returns>
    /// <exception cref="BlobStoreException">It is in none of them.</exception>
    public static string Find(string folder, string program)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var found = Path.Combine(at.FullName, Path.Combine(folder.Split('/')));
            if (File.Exists(Path.Combine(found, program)))
            {
                return found;
            }
        }

        throw new BlobStoreException(
            $"There is no {folder}/{program} in '{AppContext.BaseDirectory}' or a folder above it: "
            + "run from the repository, or name the folder.",
            isTransient: false);
    }

    /// <summary>Installs what the lock file names by <c>npm ci</c> where a package, or the locked version of it, is missing.</summary>
    /// <remarks>One process installs at a time; the others wait for it.</remarks>
    /// <param name="folder">The folder with the lock file.</param>
    /// <param name="package">The package that is looked for.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="BlobStoreException">npm is missing or fails; the message holds its last lines.</exception>
    public static async Task EnsureAsync(string folder, string package, CancellationToken cancellationToken)
    {
        if (IsInstalled(folder, package))
        {
            return;
        }

        using var installing = await LockAsync(Path.Combine(folder, ".install.lock"), cancellationToken)
            .ConfigureAwait(false);
        if (!IsInstalled(folder, package))
        {
            await InstallAsync(folder, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Starts a process of Node.js.</summary>
    /// <param name="process">The process.</param>
    /// <exception cref="BlobStoreException">Node.js is missing.</exception>
    public static void Start(Process process)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new BlobStoreException(
                $"Could not start '{process.StartInfo.FileName}' ({exception.Message}): Node.js 20 or later is needed, "
                + "with npm, on the PATH.",
                isTransient: false,
                exception);
        }
    }

    // npm writes the inner lock file last, so it is there only after a whole installation.
    private static bool IsInstalled(string folder, string package)
    {
        var installed = Path.Combine(folder, "node_modules", ".package-lock.json");
        return File.Exists(installed)
            && VersionIn(installed, package) == VersionIn(Path.Combine(folder, "package-lock.json"), package);
    }

    private static string? VersionIn(string lockFile, string package)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(lockFile));
        return json.RootElement.GetProperty("packages").TryGetProperty($"node_modules/{package}", out var found)
            ? found.GetProperty("version").GetString()
            : null;
    }

    private static async Task InstallAsync(string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("npm")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "ci", "--no-progress" },
        };
        using var process = new Process { StartInfo = start };
        var output = new ProcessOutput();
        process.OutputDataReceived += (_, line) => output.Add(line.Data);
        process.ErrorDataReceived += (_, line) => output.Add(line.Data);
        Start(process);
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        if (process.ExitCode != 0)
        {
            throw new BlobStoreException(
                $"'npm ci' in '{folder}' ended with {process.ExitCode}. Its last lines: {output}", isTransient: true);
        }
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(PollTime, cancellationToken).ConfigureAwait(false); // Another process installs.
            }
        }
    }
}
