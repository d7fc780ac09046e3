namespace Swarm.Core.Settings;

/// <summary>The rules for folders in settings and options: what was surely meant as something else is refused.</summary>
public static class FolderPathRules
{
    /// <summary>Checks a path.</summary>
    /// <param name="path">The path, as it was given.</param>
    /// <returns>What is wrong with it and what to write, or <see langword="null"/>.</returns>
    public static string? Fault(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (string.IsNullOrWhiteSpace(path))
        {
            return "The path is empty: name a folder.";
        }

        if (path.Any(char.IsControl))
        {
            return $"The path '{Shown(path)}' has a line break or another control character in it: remove it.";
        }

        if (path != path.Trim())
        {
            return $"The path '{path}' begins or ends with a space: remove it.";
        }

        if (path[0] is '"' or '\'' || path[^1] is '"' or '\'')
        {
            return $"The path {path} has quotation marks that are part of the value: remove them.";
        }

        if (path is "~" || path.StartsWith("~/", StringComparison.Ordinal))
        {
            return $"The path '{path}' begins with '~', which only a shell reads as the home folder: write it out.";
        }

        return path.Contains("://", StringComparison.Ordinal) ? OfAddress(path) : null;
    }

    private static string OfAddress(string path) => Uri.TryCreate(path, UriKind.Absolute, out var uri) && uri.IsFile
        ? $"'{path}' is an address: write the path, '{uri.LocalPath}'."
        : $"'{path[..path.IndexOf("://", StringComparison.Ordinal)]}://…' is an address and no folder: write a path, or the connection "
            + "string of an Azure store.";

    private static string Shown(string path) =>
        string.Concat(path.Select(character => char.IsControl(character) ? $"\\u{(int)character:x4}" : character.ToString()));
}
