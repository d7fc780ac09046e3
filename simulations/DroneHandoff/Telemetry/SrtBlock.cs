using System.Globalization;

namespace DroneHandoff.Telemetry;

/// <summary>Collects the measurements of one block of a recording, and checks each.</summary>
/// <param name="file">Name for error messages.</param>
internal sealed class SrtBlock(string file) : ISrtFieldVisitor
{
    private const double MaxHeightMetres = 20_000;
    private const double MaxSpeed = 200;

    private string _text = "";
    private int _line;
    private bool _isCutLine;
    private int _openTags;
    private bool _hasHome, _hasBarometerTuple;
    private bool _hasLatitude, _hasLongitude;
    private double? _latitude, _longitude;
    private GpsTuple? _gps;

    /// <summary>What was found so far.</summary>
    public SrtFields Fields { get; private set; }

    /// <summary>What of it was named, but left empty.</summary>
    public SrtFields Empty { get; private set; }

    /// <summary>How the position is written; known when the block is complete.</summary>
    public PositionNotation Notation { get; private set; }

    /// <summary>Where the height comes from.</summary>
    public HeightSource HeightSource { get; private set; }

    /// <summary>The drone's own count of pictures, where it is told.</summary>
    public long? Picture { get; private set; }

    /// <summary>The fix; missing when it is marked so or left empty, or when the drone reports the null position.</summary>
    public GeoPosition? Position { get; private set; }

    /// <summary>Height in metres.</summary>
    public double? HeightMetres { get; private set; }

    /// <summary>Speed over ground in m/s.</summary>
    public double? HorizontalSpeed { get; private set; }

    /// <summary>Speed upwards in m/s.</summary>
    public double? VerticalSpeed { get; private set; }

    /// <summary>Forgets everything, for the next block.</summary>
    public void Clear()
    {
        _openTags = 0;
        _hasHome = _hasBarometerTuple = _hasLatitude = _hasLongitude = false;
        _latitude = _longitude = null;
        _gps = null;
        HeightSource = HeightSource.None;
        Notation = PositionNotation.None;
        Fields = Empty = SrtFields.None;
        Picture = null;
        Position = null;
        HeightMetres = HorizontalSpeed = VerticalSpeed = null;
    }

    /// <summary>Takes one line of the block.</summary>
    /// <param name="text">The line.</param>
    /// <param name="line">Its number.</param>
    /// <param name="isCut">Whether the text ended before the line did: a number at its end may lack digits.</param>
    public void Add(string text, int line, bool isCut)
    {
        _text = text;
        _line = line;
        _isCutLine = isCut;
        SrtLineScanner.Scan(text, this);
    }

    /// <summary>Checks the whole block.</summary>
    /// <param name="line">Line behind its last one.</param>
    /// <param name="notation">How earlier blocks wrote positions.</param>
    public void Complete(int line, PositionNotation notation)
    {
        _isCutLine = false;
        if (_hasLatitude || _hasLongitude)
        {
            Notation = PositionNotation.Named;
        }
        else if (_gps is not null)
        {
            _line = _gps.Line;
            ReadGps(_gps, notation);
        }

        _line = line;
        Require(_openTags == 0, "'</font>' before the block's end", "none");
        Require(_hasLongitude || !_hasLatitude, "a longitude beside the latitude", "none");
        Require(_hasLatitude || !_hasLongitude, "a latitude beside the longitude", "none");
        Require(!_hasHome || _gps is not null || _hasLatitude, "GPS(…) beside HOME(…)", "none");
        SetPosition();
    }

    /// <inheritdoc/>
    public void OnField(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        // "longtitude" is how the drones spell it.
        if (Is(name, "latitude"))
        {
            _latitude = Number(SrtFields.Position, name, value, "", -90, 90);
            _hasLatitude = true;
        }
        else if (Is(name, "longtitude") || Is(name, "longitude"))
        {
            _longitude = Number(SrtFields.Position, name, value, "", -180, 180);
            _hasLongitude = true;
        }
        else if (Is(name, "altitude") || Is(name, "abs_alt"))
        {
            SetHeight(HeightSource.OverSea, name, value, "");
        }
        else if (Is(name, "H"))
        {
            SetHeight(HeightSource.OverHome, name, value, "m");
        }
        else if (Is(name, "rel_alt"))
        {
            SetHeight(HeightSource.OverHome, name, value, "");
        }
        else if (Is(name, "BAROMETER") || Is(name, "Hb"))
        {
            SetHeight(HeightSource.Barometer, name, value, value.EndsWith('M') ? "M" : "");
        }
        else if (Is(name, "H.S"))
        {
            HorizontalSpeed = Number(SrtFields.HorizontalSpeed, name, value, "m/s", 0, MaxSpeed);
        }
        else if (Is(name, "V.S"))
        {
            VerticalSpeed = Number(SrtFields.VerticalSpeed, name, value, "m/s", -MaxSpeed, MaxSpeed);
        }
        else if ((Is(name, "FrameCnt") || Is(name, "SrtCnt"))
            && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var picture))
        {
            Picture = picture;
        }
    }

    /// <inheritdoc/>
    public void OnTuple(ReadOnlySpan<char> name, ReadOnlySpan<char> values)
    {
        if (Is(name, "HOME"))
        {
            _hasHome = true;
        }
        else if (Is(name, "BAROMETER"))
        {
            _hasBarometerTuple = true;
            SetHeight(HeightSource.Barometer, name, values.Trim(), values.EndsWith('M') ? "M" : "");
        }
        else if (Is(name, "GPS"))
        {
            _gps = GpsTuple.TrySplit(values, _line);
            Require(_gps is not null, GpsTuple.Forms, values);
        }
    }

    /// <inheritdoc/>
    public void OnTag(ReadOnlySpan<char> content)
    {
        // Some drones close the tag twice. One that stays open tells that lines were lost.
        if (content.TrimStart('/').StartsWith("font", StringComparison.OrdinalIgnoreCase))
        {
            _openTags = content.StartsWith('/') ? Math.Max(0, _openTags - 1) : _openTags + 1;
        }
    }

    /// <inheritdoc/>
    public void OnUnclosed(char closing, ReadOnlySpan<char> rest) =>
        Require(false, $"'{closing}' before the line's end", rest);

    private static bool Is(ReadOnlySpan<char> name, string wanted) =>
        name.Equals(wanted, StringComparison.OrdinalIgnoreCase);

    // The order is the form's, whatever the values are.
    private void ReadGps(GpsTuple gps, PositionNotation notation)
    {
        Fields |= SrtFields.Position;
        Notation = gps.Notation(_hasBarometerTuple);
        var order = gps.HasNoForm ? notation : Notation;
        if (order is PositionNotation.LatitudeFirst or PositionNotation.LongitudeFirst)
        {
            var (latitude, longitude) = order == PositionNotation.LatitudeFirst ? (gps.First, gps.Second) : (gps.Second, gps.First);
            _latitude = Number(SrtFields.Position, "GPS latitude", latitude, "", -90, 90);
            _longitude = Number(SrtFields.Position, "GPS longitude", longitude, "", -180, 180);
            _hasLatitude = _hasLongitude = true;
        }
        else if (!gps.HasNoFix)
        {
            throw new TelemetryFormatException(
                file,
                _line,
                $"a form that tells which of latitude and longitude comes first: {GpsTuple.Forms}",
                TelemetryFormatException.Quote($"GPS({gps.Text})"),
                "Write the coordinates with their names, as '[latitude: 47.1] [longitude: 8.5]'.");
        }

        // The unit M stands with what is always zero on that drone: no height.
        if (Notation == PositionNotation.LatitudeFirst && !gps.Third.EndsWith('M'))
        {
            SetHeight(HeightSource.Satellites, "GPS height", gps.Third, "");
        }
    }

    private void SetPosition()
    {
        if (!_hasLatitude || !_hasLongitude)
        {
            return;
        }

        Fields |= SrtFields.Position;

        // A drone without a fix reports "N/A", or exactly zero for both.
        Position = _latitude is { } latitude && _longitude is { } longitude && (latitude != 0 || longitude != 0)
            ? new GeoPosition(latitude, longitude)
            : null;
    }

    private void SetHeight(HeightSource source, ReadOnlySpan<char> name, ReadOnlySpan<char> value, string unit)
    {
        var metres = Number(SrtFields.Height, name, value, unit, -MaxHeightMetres, MaxHeightMetres);
        if (source > HeightSource)
        {
            HeightMetres = metres;
            HeightSource = source;
        }
    }

    private double? Number(
        SrtFields field, ReadOnlySpan<char> name, ReadOnlySpan<char> value, string unit, double min, double max)
    {
        Fields |= field == SrtFields.Position ? SrtFields.None : field;
        var isAtEnd = value.IsEmpty || (_text.AsSpan().Overlaps(value, out var offset) && offset + value.Length == _text.Length);
        Require(!_isCutLine || !isAtEnd, $"the line's end behind {name}", value);
        if (value.IsWhiteSpace())
        {
            Empty |= field;
            return null;
        }

        if (value.Equals("n/a", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var hasUnit = value.EndsWith(unit, StringComparison.Ordinal);
        var digits = hasUnit ? value[..^unit.Length] : value;
        var isNumber = double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        if (!hasUnit || !isNumber || !(number >= min && number <= max))
        {
            Require(false, $"{name} as a number from {min} to {max}{(unit.Length > 0 ? $" in {unit}" : "")}, or n/a", value);
        }

        return number;
    }

    private void Require(bool holds, string expected, ReadOnlySpan<char> found)
    {
        if (!holds)
        {
            throw new TelemetryFormatException(
                file, _line, expected, found is "none" ? "none" : TelemetryFormatException.Quote(found));
        }
    }
}
