namespace Swarm.Client.Spool;

/// <summary>Leaves a spool as a crash-free process would have: whole segments, each of them on the disk.</summary>
internal static class SpoolRepair
{
    /// <summary>Repairs the files.</summary>
    /// <param name="content">What was read from them.</param>
    /// <param name="setsAllAside">Whether no segment can be used.</param>
    /// <exception cref="IOException">The disk refuses it.</exception>
    public static void Repair(SpoolContent content, bool setsAllAside)
    {
        foreach (var path in content.Others)
        {
            if (content.Fault is null)
            {
                File.Delete(path); // Rewound, or torn before anything was in it.
            }
            else
            {
                File.Move(path, path + SpoolSegmentFile.DamagedExtension, overwrite: true);
            }
        }

        foreach (var segment in content.Segments)
        {
            if (setsAllAside)
            {
                File.Move(segment.Path, segment.Path + SpoolSegmentFile.DamagedExtension, overwrite: true);
            }
            else
            {
                Cut(segment, keepsCopy: content.Fault is not null);
            }
        }

        if (setsAllAside)
        {
            content.Segments.Clear();
        }
        else if (content.Segments.Count > 0)
        {
            content.LastSequence = content.Segments[^1].Sequence; // The next one follows without a gap.
        }
    }

    private static void Cut(SpoolSegmentFile segment, bool keepsCopy)
    {
        using var file = new FileStream(segment.Path, FileMode.Open, FileAccess.ReadWrite);
        if (file.Length > segment.Bytes)
        {
            if (keepsCopy)
            {
                using var copy = SpoolFolder.Create(
                    segment.Path + SpoolSegmentFile.DamagedExtension, FileMode.Create, FileShare.None);
                file.CopyTo(copy);
            }

            file.SetLength(segment.Bytes);
        }

        file.Flush(flushToDisk: true); // The process that wrote it may not have come to that.
    }
}
