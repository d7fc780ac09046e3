using Swarm.Format.Manifests;
using Swarm.Storage.Files;

namespace Swarm.Tool.Tests.Support;

/// <summary>The folder of a file store, from outside.</summary>
internal static class StoreFolder
{
    /// <summary>Writes objects by the real store.</summary>
    public static async Task WriteAsync(MemoryBlobStore objects, string path)
    {
        using var store = new FileBlobStore(path);
        foreach (var name in objects.Names)
        {
            await store.CreateAsync(name, new(objects[name]), default);
        }
    }

    /// <summary>Flips a bit of an object's file.</summary>
    public static void Flip(string path, string name, int bit)
    {
        using var file = File.OpenHandle(FileOf(path, name), FileMode.Open, FileAccess.ReadWrite);
        var bytes = new byte[1];
        RandomAccess.Read(file, bytes, bit / 8);
        bytes[0] ^= (byte)(1 << (bit % 8));
        RandomAccess.Write(file, bytes, bit / 8);
    }

    /// <summary>Path of an object's file.</summary>
    public static string FileOf(string path, string name) => Path.Combine(path, "objects", name) + "+blob";

    /// <summary>All files, with the time of their last change and a checksum.</summary>
    public static SortedDictionary<string, (DateTime Changed, ulong Checksum)> Snapshot(string path) => new(
        Directory.GetFileSystemEntries(path, "*", SearchOption.AllDirectories).ToDictionary(
            entry => entry,
            entry => (File.GetLastWriteTimeUtc(entry), File.Exists(entry) ? ManifestCodec.Checksum(File.ReadAllBytes(entry)) : 0)),
        StringComparer.Ordinal);
}
