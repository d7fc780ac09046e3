namespace Swarm.Client.Tests;

/// <summary>Segments of a log whose KV has rotted on the disk.</summary>
internal static class DamagedSegments
{
    /// <summary>Flips a bit in the last payload of some segments.</summary>
    /// <param name="folder">The store, which no silo has.</param>
    /// <param name="isDamaged">Whether it is to be in a file.</param>
    public static void Damage(string folder, Func<string, bool> isDamaged)
    {
        foreach (var segment in Directory.GetFiles(Path.Combine(folder, "objects", "log"), "*", SearchOption.AllDirectories).Where(isDamaged))
        {
            var bytes = File.ReadAllBytes(segment);
            bytes[^40] ^= 0x20; // Payloads come last, before the file's 32 bytes.
            File.WriteAllBytes(segment, bytes);
        }
    }
}
