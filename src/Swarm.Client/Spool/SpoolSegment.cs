using Microsoft.Win32.SafeHandles;

namespace Swarm.Client.Spool;

/// <summary>One segment of this session: a file that is appended to, or waits until it is not needed any more.</summary>
internal sealed class SpoolSegment : IDisposable
{
    private readonly FileStream? _file;
    private volatile bool _isDirty;
    private bool _isTailDirty;

    /// <summary>Takes over a segment that an earlier process wrote.</summary>
    public SpoolSegment(SpoolSegmentFile found, long stateVersion)
    {
        (Path, Sequence, Records, Bytes, EndPosition, StateVersion) =
            (found.Path, found.Sequence, found.Records, found.Bytes, found.EndPosition, stateVersion);
    }

    /// <summary>Creates a segment's file.</summary>
    /// <exception cref="IOException">The disk refuses it; nothing is left of it.</exception>
    public SpoolSegment(string folder, ulong sequence, long firstPosition, ReadOnlySpan<byte> start, long stateVersion)
    {
        Path = System.IO.Path.Combine(folder, SpoolSegmentFile.NameOf(sequence));
        (Sequence, Records, EndPosition, StateVersion) = (sequence, 1, firstPosition, stateVersion);
        _file = SpoolFolder.Create(Path, FileMode.Create, FileShare.Read);
        try
        {
            Write(_file.SafeFileHandle, start, 0);
            Bytes = start.Length;
            _isDirty = true;
        }
        catch
        {
            _file.Dispose();
            File.Delete(Path);
            throw;
        }
    }

    /// <summary>Its file.</summary>
    public string Path { get; }

    /// <summary>Its number.</summary>
    public ulong Sequence { get; }

    /// <summary>Its records, the header included.</summary>
    public int Records { get; private set; }

    /// <summary>Its size.</summary>
    public long Bytes { get; private set; }

    /// <summary>Position behind its last input.</summary>
    public long EndPosition { get; private set; }

    /// <summary>The latest version of a state in it; 0 without any.</summary>
    public long StateVersion { get; set; }

    /// <summary>Whether something of it may not be on the disk itself yet.</summary>
    public bool IsDirty => _isDirty;

    private SafeFileHandle Handle => _file!.SafeFileHandle;

    /// <summary>Appends a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="endPosition">Position behind the last input, this record's included.</param>
    /// <param name="sync">Whether to wait until it is on the disk itself.</param>
    /// <exception cref="IOException">The disk refuses it; the segment is as before.</exception>
    public void Append(ReadOnlySpan<byte> record, long endPosition, bool sync)
    {
        EnsureCut();
        _isTailDirty = true;
        Write(Handle, record, Bytes);
        if (sync)
        {
            RandomAccess.FlushToDisk(Handle);
        }

        _isTailDirty = false;
        Bytes += record.Length;
        Records++;
        EndPosition = endPosition;
        _isDirty |= !sync;
    }

    /// <summary>Waits until everything appended is on the disk. Appending may go on meanwhile.</summary>
    public void Sync()
    {
        _isDirty = false; // Before: what is appended meanwhile makes it dirty again.
        try
        {
            RandomAccess.FlushToDisk(Handle);
        }
        catch
        {
            _isDirty = true;
            throw;
        }
    }

    /// <summary>Removes its file.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(Path);
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>Removes what an append that failed has left.</summary>
    /// <exception cref="IOException">The disk refuses that too.</exception>
    public void EnsureCut()
    {
        if (_isTailDirty)
        {
            RandomAccess.SetLength(Handle, Bytes);
            _isTailDirty = false;
        }
    }

    private static void Write(SafeFileHandle handle, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new IOException(exception.Message, exception); // A file over the system's limit.
        }
    }
}
