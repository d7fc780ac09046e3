namespace Swarm.Storage.Files;

/// <summary>Where an object's file lies: folders as in its name, and the last part with a suffix that no name contains.</summary>
/// <remarks>The suffix lets the objects <c>a</c> and <c>a/b</c> exist side by side, as they do in a blob store.</remarks>
/// <param name="Folder">Folders below the store's objects, without slashes at its ends; may be empty.</param>
/// <param name="FileName">The file's name.</param>
internal readonly record struct ObjectPath(string Folder, string FileName)
{
    /// <summary>Ends every object's file name.</summary>
    public const string Suffix = "+blob";

    /// <summary>The path of a checked name.</summary>
    public static ObjectPath Of(string name)
    {
        var slash = name.LastIndexOf('/');
        return slash < 0
            ? new ObjectPath("", name + Suffix)
            : new ObjectPath(name[..slash], string.Concat(name.AsSpan(slash + 1), Suffix));
    }
}
