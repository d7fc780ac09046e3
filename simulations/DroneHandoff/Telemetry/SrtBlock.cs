using System.Globalization;

namespace DroneHandoff.Telemetry;

/// <summary>Collects the measurements of one block of a recording, and checks each.</summary>
/// <param name="file">Name for error messages.</param>
internal sealed class SrtBlock(string file) : ISrtFieldVisitor
{
    private const double MaxHeightMetres = 20_000;
    private const double MaxSpeed = 200;

    private int _line;
    private int _openTags;
    private bool _hasHome;
    private bool _hasLatitude, _hasLongitude;
    private double? _latitude, _longitude;
    private HeightSource _heightSource;

    // The better source of a block wins, wherever it stands.
    private enum HeightSource
    {
        None,
        Barometer,
        OverHome,
        OverSea,
    }

    /// <summary>What was found so far.</summary>
    public SrtFields Fields { get; private set; }

    /// <summary>The fix; missing when it is marked so, or when the drone reports the null position.</summary>
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
        _hasHome = _hasLatitude = _hasLongitude = false;
        _latitude = _longitude = null;
        _heightSource = HeightSource.None;
        Fields = SrtFields.None;
        Position = null;
        HeightMetres = HorizontalSpeed = VerticalSpeed = null;
    }

    /// <summary>Takes one line of the block.</summary>
    /// <param name="text">The line.</param>
    /// <param name="line">Its number.</param>
    public void Add(string text, int line)
    {
        _line = line;
        SrtLineScanner.Scan(text, this);
    }

    /// <summary>Checks the whole block.</summary>
    /// <param name="line">Line behind its last one.</param>
    /// <param name="required">Fields that earlier blocks had.</param>
    public void Complete(int line, SrtFields required)
    {
        _line = line;
        Require(_openTags == 0, "'</font>' before the block's end", "none");
        Require(_hasLongitude || !_hasLatitude, "a longitude beside the latitude", "none");
        Require(_hasLatitude || !_hasLongitude, "a latitude beside the longitude", "none");
        Require(!_hasHome || Fields.HasFlag(SrtFields.Position), "GPS(longitude,latitude,…) after HOME(…)", "none");
        var missing = required & ~Fields;
        Require(missing == SrtFields.None, $"{missing} as in the blocks before", "none");
    }

    /// <inheritdoc/>
    public void OnField(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        // "longtitude" is how the drones spell it.
        if (Is(name, "latitude"))
        {
            _latitude = Number(name, value, "", -90, 90);
            _hasLatitude = true;
            SetPosition();
        }
        else if (Is(name, "longtitude") || Is(name, "longitude"))
        {
            _longitude = Number(name, value, "", -180, 180);
            _hasLongitude = true;
            SetPosition();
        }
        else if (Is(name, "altitude") || Is(name, "abs_alt"))
        {
            SetHeight(HeightSource.OverSea, Number(name, value, "", -MaxHeightMetres, MaxHeightMetres));
        }
        else if (Is(name, "H"))
        {
            SetHeight(HeightSource.OverHome, Number(name, value, "m", -MaxHeightMetres, MaxHeightMetres));
        }
        else if (Is(name, "rel_alt"))
        {
            SetHeight(HeightSource.OverHome, Number(name, value, "", -MaxHeightMetres, MaxHeightMetres));
        }
        else if (Is(name, "BAROMETER") || Is(name, "Hb"))
        {
            SetHeight(HeightSource.Barometer, Number(name, value, "", -MaxHeightMetres, MaxHeightMetres));
        }
        else if (Is(name, "H.S"))
        {
            HorizontalSpeed = Number(name, value, "m/s", 0, MaxSpeed);
            Fields |= SrtFields.HorizontalSpeed;
        }
        else if (Is(name, "V.S"))
        {
            VerticalSpeed = Number(name, value, "m/s", -MaxSpeed, MaxSpeed);
            Fields |= SrtFields.VerticalSpeed;
        }
    }

    /// <inheritdoc/>
    public void OnTuple(ReadOnlySpan<char> name, ReadOnlySpan<char> values)
    {
        if (Is(name, "HOME"))
        {
            _hasHome = true;
        }
        else if (Is(name, "GPS"))
        {
            // Longitude first. What the third number means differs by drone (metres, or satellites): it is not used.
            Span<Range> parts = stackalloc Range[4];
            var count = values.Split(parts, ',');
            Require(count == 3, "GPS(longitude,latitude,number)", values);
            _longitude = Number("GPS longitude", values[parts[0]].Trim(), "", -180, 180);
            _latitude = Number("GPS latitude", values[parts[1]].Trim(), "", -90, 90);
            _ = Number("GPS third value", values[parts[2]].Trim(), "", double.MinValue, double.MaxValue);
            _hasLatitude = _hasLongitude = true;
            SetPosition();
        }
    }

    /// <inheritdoc/>
    public void OnTag(ReadOnlySpan<char> content) => _openTags += content.StartsWith('/') ? -1 : 1;

    /// <inheritdoc/>
    public void OnUnclosed(char closing, ReadOnlySpan<char> rest) =>
        Require(false, $"'{closing}' before the line's end", rest);

    private static bool Is(ReadOnlySpan<char> name, string wanted) =>
        name.Equals(wanted, StringComparison.OrdinalIgnoreCase);

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

    private void SetHeight(HeightSource source, double? metres)
    {
        Fields |= SrtFields.Height;
        if (source > _heightSource)
        {
            HeightMetres = metres;
            _heightSource = source;
        }
    }

    private double? Number(ReadOnlySpan<char> name, ReadOnlySpan<char> value, string unit, double min, double max)
    {
        if (value.Equals("n/a", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var hasUnit = value.EndsWith(unit, StringComparison.Ordinal);
        var digits = hasUnit ? value[..^unit.Length] : value;
        var isNumber = double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        if (!hasUnit || !isNumber || !(number >= min && number <= max))
        {
            var range = max == double.MaxValue ? "" : $" from {min} to {max}";
            Require(false, $"{name} as a number{range}{(unit.Length > 0 ? $" in {unit}" : "")}, or n/a", value);
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
