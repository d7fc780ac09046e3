namespace Swarm.Storage.Files;

/// <summary>One entry of a folder: an object, or a folder with further ones.</summary>
/// <param name="Key">What the names in it begin with, relative to the folder: an object's last part, or a folder with its slash.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
internal readonly record struct FolderEntry(string Key, bool IsFolder);
