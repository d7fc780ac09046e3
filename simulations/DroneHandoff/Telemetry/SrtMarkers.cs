namespace DroneHandoff.Telemetry;

/// <summary>Looks for what only telemetry has, so that a film's subtitle is told from a recording of little.</summary>
internal sealed class SrtMarkers : ISrtFieldVisitor
{
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _positions =
        new HashSet<string>(["latitude", "longitude", "longtitude", "altitude", "rel_alt", "abs_alt"])
            .GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _numbers =
        new HashSet<string>(
            [
                "BAROMETER", "Hb", "H.S", "V.S", "iso", "ISO", "shutter", "Shutter", "fnum", "Fnum", "focal_len", "FrameCnt", "SrtCnt",
                "DiffTime",
            ])
            .GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _tuples =
        new HashSet<string>(["GPS", "HOME", "BAROMETER"]).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether one was found.</summary>
    public bool IsFound { get; private set; }

    /// <inheritdoc/>
    public void OnField(ReadOnlySpan<char> name, ReadOnlySpan<char> value) => IsFound |=
        _positions.Contains(name) || (_numbers.Contains(name) && value.IndexOfAnyInRange('0', '9') >= 0);

    /// <inheritdoc/>
    public void OnTuple(ReadOnlySpan<char> name, ReadOnlySpan<char> values) => IsFound |= _tuples.Contains(name);

    /// <inheritdoc/>
    public void OnTag(ReadOnlySpan<char> content)
    {
        // Films have the same tags.
    }

    /// <inheritdoc/>
    public void OnUnclosed(char closing, ReadOnlySpan<char> rest)
    {
        var name = rest.TrimStart('[');
        var end = name.IndexOfAny(" :(");
        name = end < 0 ? name : name[..end];
        IsFound |= closing == ']' ? _positions.Contains(name) : _tuples.Contains(name);
    }
}
