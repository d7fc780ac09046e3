using System.Buffers;

namespace Swarm.Storage.Blobs;

/// <summary>The rules for object names, checked by every store alike.</summary>
public static class BlobNameRules
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaxLength = 512;

    /// <summary>Longest part between two slashes, in characters: what a file system takes as one name, with room to spare.</summary>
    public const int MaxPartLength = 200;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789/._-");

    /// <summary>Checks a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentException">It breaks a rule; the message says which.</exception>
    public static void Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Fault(name, isPrefix: false) is { } fault)
        {
            throw new ArgumentException($"'{Shown(name)}' is not an object name: {fault}.", nameof(name));
        }
    }

    /// <summary>Checks a prefix: empty, or what some name may begin with.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <exception cref="ArgumentException">No name can begin with it; the message says why.</exception>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > 0 && Fault(prefix, isPrefix: true) is { } fault)
        {
            throw new ArgumentException($"No object name begins with '{Shown(prefix)}': {fault}.", nameof(prefix));
        }
    }

    private static string? Fault(string name, bool isPrefix)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return $"it has {name.Length} characters, 1 to {MaxLength} are allowed";
        }

        var bad = name.AsSpan().IndexOfAnyExcept(Allowed);
        if (bad >= 0)
        {
            return $"character U+{(int)name[bad]:X4} at {bad} is not one of [a-z0-9/._-]";
        }

        var rest = name.AsSpan();
        while (true)
        {
            var slash = rest.IndexOf('/');
            var part = slash < 0 ? rest : rest[..slash];
            if (slash < 0 && isPrefix)
            {
                return part.Length > MaxPartLength ? TooLong(part.Length) : null; // "", "." and ".." may go on.
            }

            if (part.IsEmpty || part is "." or "..")
            {
                return $"a part of it is '{part}'";
            }

            if (part.Length > MaxPartLength)
            {
                return TooLong(part.Length);
            }

            if (slash < 0)
            {
                return null;
            }

            rest = rest[(slash + 1)..];
        }
    }

    private static string TooLong(int length) =>
        $"a part of it has {length} characters, up to {MaxPartLength} are allowed";

    private static string Shown(string name) => name.Length <= 100 ? name : $"{name.AsSpan(0, 100)}…";
}
