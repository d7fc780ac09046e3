namespace Swarm.Host.Startup;

/// <summary>The file of <c>--ready-file</c>.</summary>
internal static class ReadyFile
{
    /// <summary>Checks that the file can be written, and leaves what is there as it is.</summary>
    /// <param name="file">The file, or <see langword="null"/> for none.</param>
    /// <param name="faults">Receives a sentence with the option, the value and the remedy.</param>
    public static void FindFaults(string? file, List<string> faults)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            File.WriteAllText(Part(file), "");
            File.Delete(Part(file));
            if (Directory.Exists(file))
            {
                faults.Add(Fault(file, "it is a folder"));
            }
        }
        catch (Exception exception) when (IsOfFile(exception))
        {
            faults.Add(Fault(file, exception.Message));
        }
    }

    /// <summary>Removes what an earlier process left, so that nobody takes it for this one's.</summary>
    /// <param name="file">The file, or <see langword="null"/> for none.</param>
    /// <exception cref="HostStartException">It cannot be removed.</exception>
    public static void Remove(string? file)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (IsOfFile(exception))
        {
            throw new HostStartException([Fault(file, exception.Message)]);
        }
    }

    /// <summary>Writes the file; whoever waits for it never reads half of it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="line">Its one line.</param>
    /// <param name="cancellationToken">Stops writing.</param>
    /// <exception cref="HostStartException">It cannot be written.</exception>
    public static async Task WriteAsync(string file, string line, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(Part(file), line + Environment.NewLine, cancellationToken);
            File.Move(Part(file), file, overwrite: true);
        }
        catch (Exception exception) when (IsOfFile(exception))
        {
            throw new HostStartException([Fault(file, exception.Message)]);
        }
    }

    private static string Part(string file) => $"{file}.part";

    private static string Fault(string file, string reason) =>
        $"--ready-file '{file}' cannot be written: {reason.TrimEnd('.')}. Name a file in a folder that exists and that this process may write to.";

    private static bool IsOfFile(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
