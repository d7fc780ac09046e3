using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Swarm.Storage.Blobs;

namespace Swarm.Azurite;

/// <summary>Azurite's files: where they are, and how they get there.</summary>
internal static class AzuriteInstallation
{
    private const string LauncherName = "launcher.mjs";
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(200);

    /// <summary>Looks for <c>deploy/azurite</c> in the folders around this program.</summary>
    public static string FindLauncherFolder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, "deploy", "azurite");
            if (File.Exists(Path.Combine(folder, LauncherName)))
            {
                return folder;
            }
        }

        throw new BlobStoreException(
            $"There is no deploy/azurite/{LauncherName} in '{AppContext.BaseDirectory}' or a folder above it: "
            + "run from the repository, or name the launcher's folder.",
            isTransient: false);
    }

    /// <summary>Installs Azurite by <c>npm ci</c> where it, or the locked version of it, is missing.</summary>
    /// <remarks>One process installs at a time; the others wait for it.</remarks>
    public static async Task EnsureAsync(string folder, CancellationToken cancellationToken)
    {
        if (IsInstalled(folder))
        {
            return;
        }

        using var installing = await LockAsync(Path.Combine(folder, ".install.lock"), cancellationToken)
            .ConfigureAwait(false);
        if (!IsInstalled(folder))
        {
            await InstallAsync(folder, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Starts a process of Node.js.</summary>
    /// <exception cref="BlobStoreException">Node.js is missing.</exception>
    public static void StartNode(Process process)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new BlobStoreException(
                $"Could not start '{process.StartInfo.FileName}' ({exception.Message}): Azurite needs Node.js 20 or later "
                + "with npm on the PATH.",
                isTransient: false,
                exception);
        }
    }

    // npm writes the inner lock file last, so it is there only after a whole installation.
    private static bool IsInstalled(string folder)
    {
        var installed = Path.Combine(folder, "node_modules", ".package-lock.json");
        return File.Exists(installed)
            && VersionIn(installed) == VersionIn(Path.Combine(folder, "package-lock.json"));
    }

    private static string? VersionIn(string lockFile)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(lockFile));
        return json.RootElement.GetProperty("packages").TryGetProperty("node_modules/azurite", out var azurite)
            ? azurite.GetProperty("version").GetString()
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
        StartNode(process);
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
