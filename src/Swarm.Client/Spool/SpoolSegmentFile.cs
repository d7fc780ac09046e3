using System.Globalization;

namespace Swarm.Client.Spool;

/// <summary>A segment as it was found on disk.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="Records">Sound records, its header included.</param>
/// <param name="Bytes">Bytes up to the end of the last of them.</param>
/// <param name="EndPosition">Position behind its last input.</param>
internal sealed record SpoolSegmentFile(string Path, ulong Sequence, int Records, long Bytes, long EndPosition)
{
    /// <summary>Ends the name of a segment's file.</summary>
    public const string Extension = ".spool";

    /// <summary>Ends the name of what was set aside because it is damaged.</summary>
    public const string DamagedExtension = ".damaged";

    /// <summary>Name of a segment's file: sorts by number.</summary>
    public static string NameOf(ulong sequence) => sequence.ToString("x16", CultureInfo.InvariantCulture) + Extension;

    /// <summary>Segments of a folder, by number.</summary>
    public static IReadOnlyList<(string Path, ulong Sequence)> List(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*" + Extension)
            .Select(path => (Path: path, IsNumber: ulong.TryParse(
                System.IO.Path.GetFileNameWithoutExtension(path),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out var sequence), Sequence: sequence))
            .Where(file => file.IsNumber)
            .OrderBy(file => file.Sequence)
            .Select(file => (file.Path, file.Sequence)),
    ];
}
