namespace Swarm.Client.Spool;

/// <summary>Reads a session's spool: every record that is sound, up to the first that is not.</summary>
/// <remarks>
/// The last segment may end within a record, or in zeros: a crash cut it, and what was cut had not been acknowledged to
/// anybody. Everything else that is not as it was written is named.
/// </remarks>
internal sealed class SpoolReader
{
    /// <summary>Larger files are no segments.</summary>
    private const long MaxSegmentBytes = 64 << 20;

    private readonly SpoolContent _content = new();

    private SpoolReader()
    {
    }

    /// <summary>Reads a session's folder. Changes nothing.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SpoolContent Read(string folder)
    {
        var reader = new SpoolReader();
        var files = SpoolSegmentFile.List(folder).Select(file => new SpoolCandidate(file.Path, file.Sequence)).ToArray();
        reader.ReadAll(files);
        return reader._content;
    }

    private void ReadAll(SpoolCandidate[] files)
    {
        if (files.Length == 0)
        {
            return;
        }

        _content.LastSequence = files[^1].Sequence;
        var start = StartOf(files);
        _content.Others.AddRange(files[..start].Select(file => file.Path));
        for (var index = start; index < files.Length; index++)
        {
            var file = files[index];
            var isLast = index == files.Length - 1;
            var fault = index > start && file.Sequence != files[index - 1].Sequence + 1
                ? $"segments {files[index - 1].Sequence + 1} to {file.Sequence - 1} before it are missing"
                : ReadSegment(file, isLast, isOnly: index == start);
            if (fault is not null)
            {
                _content.Fault ??= $"'{file.Path}': {fault}. What follows is not used.";
                _content.Others.AddRange(files[index..].Select(other => other.Path)
                    .Except(_content.Segments.Select(segment => segment.Path)));
                return;
            }
        }
    }

    /// <summary>The segment that everything in force begins with: the newest fresh one, else the oldest.</summary>
    private int StartOf(SpoolCandidate[] files)
    {
        for (var index = files.Length - 1; index >= 0; index--)
        {
            if (files[index].Header is { IsFresh: true })
            {
                return index;
            }
        }

        // The fresh one is gone, with what was durable. If one that is still there cannot be read, it might be that one.
        var start = 0;
        while (start < files.Length - 1 && files[start].Header is null)
        {
            _content.Fault ??= $"'{files[start].Path}': {files[start].Fault}. It is not used.";
            start++;
        }

        return start;
    }

    private string? ReadSegment(SpoolCandidate file, bool isLast, bool isOnly)
    {
        if (file.Header is not { } header)
        {
            if (!isLast || isOnly || !file.IsCut)
            {
                _content.IsStillborn = isLast && file.IsCut && _content.Others.Count == 0;
                return file.Fault;
            }

            _content.Others.Add(file.Path);
            return null;
        }

        if (_content.Begin(header) is { } fault)
        {
            return fault;
        }

        var bytes = file.Bytes;
        var offset = file.HeaderEnd;
        var records = 1;
        fault = null;
        while (offset < bytes.Length && fault is null)
        {
            var rest = bytes.AsSpan(offset);
            var (length, isCut, what) = Measure(rest, file.Sequence);
            if (what is not null || isCut)
            {
                fault = isCut && isLast ? null : $"at byte {offset} {what ?? "it is cut"}";
                break;
            }

            fault = Apply(rest[..length], records) is { } wrong ? $"at byte {offset} {wrong}" : null;
            if (fault is null)
            {
                offset += length;
                records++;
            }
        }

        _content.Segments.Add(new SpoolSegmentFile(file.Path, file.Sequence, records, offset, _content.EndPosition));
        return fault;
    }

    /// <summary>How long the next record is, or what is wrong with it.</summary>
    private static (int Length, bool IsCut, string? Fault) Measure(ReadOnlySpan<byte> rest, ulong sequence)
    {
        if (rest.Length < SpoolFormat.RecordOverheadBytes || !rest.ContainsAnyExcept((byte)0))
        {
            return (0, true, null);
        }

        if (!SpoolFormat.IsHeaderSound(rest, sequence))
        {
            return (0, false, "a record's header fails its checksum");
        }

        var (bodyBytes, _, _) = SpoolFormat.ReadHeader(rest);
        if (bodyBytes < 0 || bodyBytes > rest.Length - SpoolFormat.RecordOverheadBytes)
        {
            return (0, true, null);
        }

        var length = bodyBytes + SpoolFormat.RecordOverheadBytes;
        return SpoolFormat.IsSound(rest[..length], sequence)
            ? (length, false, null)
            : (0, false, "a record fails its checksum");
    }

    private string? Apply(ReadOnlySpan<byte> record, int ordinal)
    {
        var (_, found, type) = SpoolFormat.ReadHeader(record);
        if (found != ordinal)
        {
            return $"record {found} stands where {ordinal} belongs";
        }

        try
        {
            var body = new SpoolRecordReader(record[SpoolFormat.RecordHeaderBytes..^sizeof(ulong)]);
            switch ((SpoolRecordType)type)
            {
                case SpoolRecordType.Step:
                    var (first, tokens, states) = body.Step();
                    return _content.Add(first, tokens, states);
                case SpoolRecordType.State:
                    _content.Set(body.SingleState());
                    return null;
                default:
                    return $"a record of type {type} needs a newer build";
            }
        }
        catch (InvalidDataException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>A segment's file with its header, or why it has none.</summary>
    private sealed class SpoolCandidate
    {
        public SpoolCandidate(string path, ulong sequence)
        {
            (Path, Sequence) = (path, sequence);
            var size = new FileInfo(path).Length;
            if (size > MaxSegmentBytes)
            {
                Fault = $"it has {size} bytes; no segment has more than {MaxSegmentBytes}";
                return;
            }

            Bytes = File.ReadAllBytes(path);
            (Header, IsCut, Fault) = ReadHeader();
        }

        public string Path { get; }

        public ulong Sequence { get; }

        public byte[] Bytes { get; } = [];

        public SpoolHeader? Header { get; }

        public int HeaderEnd { get; private set; }

        /// <summary>Whether it ends within its header: a crash may have done that.</summary>
        public bool IsCut { get; }

        public string Fault { get; } = "";

        private (SpoolHeader? Header, bool IsCut, string Fault) ReadHeader()
        {
            const string cut = "it ends within its header";
            if (Bytes.Length < SpoolFormat.PreambleBytes || !Bytes.AsSpan().ContainsAnyExcept((byte)0))
            {
                return (null, true, cut);
            }

            if (SpoolFormat.CheckPreamble(Bytes) is { } fault)
            {
                return (null, false, fault);
            }

            var rest = Bytes.AsSpan(SpoolFormat.PreambleBytes);
            var (length, isCut, wrong) = Measure(rest, Sequence);
            if (isCut || wrong is not null)
            {
                return (null, isCut, wrong ?? cut);
            }

            var (_, ordinal, type) = SpoolFormat.ReadHeader(rest);
            if (ordinal != 0 || type != (uint)SpoolRecordType.Header)
            {
                return (null, false, $"its first record is number {ordinal} of type {type}, not a header");
            }

            try
            {
                var header = new SpoolRecordReader(rest[SpoolFormat.RecordHeaderBytes..(length - sizeof(ulong))]).Header(Sequence);
                HeaderEnd = SpoolFormat.PreambleBytes + length;
                return (header, false, "");
            }
            catch (InvalidDataException exception)
            {
                return (null, false, exception.Message);
            }
        }
    }
}
