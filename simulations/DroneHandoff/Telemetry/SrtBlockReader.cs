using System.Globalization;

namespace DroneHandoff.Telemetry;

/// <summary>Reads the blocks of one recording in order. The first decides what the others must look like.</summary>
/// <param name="text">The text; not disposed.</param>
/// <param name="file">Its name in error messages.</param>
/// <param name="notes">Learns what the recording lacks.</param>
internal sealed class SrtBlockReader(TextReader text, string file, RecordingNotes notes)
{
    private const string SplitRemedy = "Two recordings seem to be joined: split the file here, and give one of them.";

    private readonly BoundedLineReader _lines = new(text, file);
    private readonly SrtBlock _block = new(file);
    private long _count;
    private long _number, _picture;
    private bool _isDated;
    private TimeSpan _firstTime, _time;
    private SrtFields _fields;
    private PositionNotation _notation;
    private HeightSource _heightSource;
    private int _lineCount;

    /// <summary>Reads the next block.</summary>
    /// <param name="reading">What it tells.</param>
    /// <returns>Whether there was one; a block in which the text ends is noted, and is none.</returns>
    /// <exception cref="TelemetryFormatException">The block is malformed, or the text ends in the first.</exception>
    public bool TryRead(out TelemetryReading reading)
    {
        reading = default;
        try
        {
            if (SkipEmpty() is { } first)
            {
                reading = ReadBlock(first);
                _count++;
                return true;
            }
        }
        catch (TelemetryFormatException fault) when (_count > 0 && IsCut(fault))
        {
            notes.AddCut(_count, fault);
            return false;
        }

        if (_count == 0)
        {
            throw new TelemetryFormatException(
                file, _lines.Number, "the first block's number", _lines.Number == 1 ? "nothing: the file is empty" : "the end of the file, which has no text");
        }

        if (_lines.ZeroBytes > 0)
        {
            notes.AddZeroBytes(_count, _lines.ZeroBytes);
        }

        return false;
    }

    // The text ended where more was due, or within the line that is at fault: what is there may be right, but is not all.
    private bool IsCut(TelemetryFormatException fault) =>
        fault.Found == TelemetryFormatException.EndOfFile || (_lines.CutLine > 0 && fault.Line >= _lines.CutLine);

    private TelemetryReading ReadBlock(string first)
    {
        var firstLine = _lines.Number;
        ReadNumber(first);
        ReadTime();
        var lineCount = ReadMeasurements(out var isLast);
        RequireWhole(lineCount, isLast);
        _block.Complete(_lines.Number, _notation);
        RequireSame(firstLine);
        if (_count == 0)
        {
            _fields = _block.Fields;
            _lineCount = lineCount;
        }

        if (_block.Empty != SrtFields.None)
        {
            notes.AddEmpty(_block.Empty, firstLine);
        }

        return new TelemetryReading(
            _count,
            _time - _firstTime,
            _block.Position,
            _block.HeightMetres,
            _block.HorizontalSpeed,
            _block.VerticalSpeed);
    }

    private string? SkipEmpty()
    {
        var line = _lines.Read();
        while (line is not null && string.IsNullOrWhiteSpace(line))
        {
            line = _lines.Read();
        }

        return line;
    }

    private void ReadNumber(string line)
    {
        // A second recording brings its byte order mark along.
        if (!long.TryParse(line.AsSpan().TrimStart('\uFEFF').Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw Fault("a block's number on a line of its own", line);
        }

        if (_count > 0 && number <= _number)
        {
            throw Fault($"the number of the block behind {_number}", line, SplitRemedy);
        }

        _number = number;
    }

    private void ReadTime()
    {
        var line = _lines.Read();
        var isTimeCode = SrtTime.TryParseTimeCode(line, out var time);
        var isDate = !isTimeCode && SrtTime.TryParseDate(line, out time);
        if (!(_count == 0 ? isTimeCode || isDate : _isDated ? isDate : isTimeCode))
        {
            const string TimeCode = "a time code like '00:00:01,000 --> 00:00:02,000'";
            const string Date = "a date like '2017.08.05 14:11:52,393,525'";
            var expected = _count == 0 ? $"{TimeCode} or {Date}" : _isDated ? Date : TimeCode;
            throw line is null ? EndOfFile(expected) : Fault(expected, line, isTimeCode || isDate ? SplitRemedy : "");
        }

        if (_count == 0)
        {
            _firstTime = time;
            _isDated = isDate;
        }
        else if (time < _time)
        {
            throw Fault("a time that is not before the last block's", line, SplitRemedy);
        }

        _time = time;
    }

    private int ReadMeasurements(out bool isLast)
    {
        _block.Clear();
        var markers = new SrtMarkers();
        var firstText = "";
        TelemetryFormatException? fault = null;
        var count = 0;
        var line = _lines.Read();
        for (; !string.IsNullOrWhiteSpace(line); line = _lines.Read())
        {
            if (SrtTime.TryParseTimeCode(line, out _) || (_isDated && SrtTime.TryParseDate(line, out _)))
            {
                throw Fault("an empty line before the next block", line, SplitRemedy);
            }

            firstText = count == 0 ? line : firstText;
            count++;
            if (_count > 0)
            {
                _block.Add(line, _lines.Number, _lines.CutLine > 0);
                continue;
            }

            // A film's text may look like a faulty measurement: what the file is comes first.
            SrtLineScanner.Scan(line, markers);
            fault ??= TryAdd(line);
        }

        isLast = line is null;
        if (_count == 0 && count > 0 && !markers.IsFound)
        {
            throw new TelemetryFormatException(
                file,
                _lines.Number - count,
                "measurements of a drone, such as GPS(…), [latitude: …] or [iso: …]",
                TelemetryFormatException.Quote(firstText),
                "This is a film's subtitle, or a recording in a notation that is not known.");
        }

        return fault is null ? count : throw fault;
    }

    private TelemetryFormatException? TryAdd(string line)
    {
        try
        {
            _block.Add(line, _lines.Number, _lines.CutLine > 0);
            return null;
        }
        catch (TelemetryFormatException fault)
        {
            return fault;
        }
    }

    // The last block may lack the empty line behind it. The first may not: nothing else tells that it is whole.
    private void RequireWhole(int lineCount, bool isLast)
    {
        if (lineCount == 0)
        {
            const string Expected = "a line of measurements";
            throw isLast ? EndOfFile(Expected) : new TelemetryFormatException(file, _lines.Number, Expected, "an empty line");
        }

        if (isLast && (_lineCount == 0 || lineCount < _lineCount))
        {
            throw EndOfFile(_lineCount == 0
                ? "an empty line behind the first block"
                : $"{_lineCount} lines of measurements in the block");
        }
    }

    // One drone writes one notation, and heights over one level. Both are kept from the first block on that has them.
    private void RequireSame(int firstLine)
    {
        _notation = _notation == PositionNotation.None ? _block.Notation : _notation;
        _heightSource = _heightSource == HeightSource.None ? _block.HeightSource : _heightSource;
        if (_block.Notation != PositionNotation.None && _block.Notation != _notation)
        {
            throw Change($"positions in the notation {_notation}", _block.Notation.ToString());
        }

        if (_block.HeightSource != HeightSource.None && _block.HeightSource != _heightSource)
        {
            throw Change($"a height from {_heightSource}", _block.HeightSource.ToString());
        }

        if (_block.Picture < _picture)
        {
            throw Change($"picture {_picture} or a later one", $"number {_block.Picture}");
        }

        _picture = _block.Picture ?? _picture;
        var missing = _fields & ~_block.Fields;
        if (missing != SrtFields.None)
        {
            throw new TelemetryFormatException(file, _lines.Number, $"{missing} as in the blocks before", "none");
        }

        TelemetryFormatException Change(string expected, string found) =>
            new(file, Math.Max(firstLine, _lines.CutLine), $"{expected}, as in the blocks before", found, SplitRemedy);
    }

    private TelemetryFormatException Fault(string expected, string? found, string remedy = "") =>
        new(file, _lines.Number, expected, TelemetryFormatException.Quote(found), remedy);

    private TelemetryFormatException EndOfFile(string expected) =>
        new(file, _lines.Number, expected, TelemetryFormatException.EndOfFile);
}
