namespace DroneHandoff.Telemetry;

/// <summary>Receives what <see cref="SrtLineScanner"/> finds in a line.</summary>
internal interface ISrtFieldVisitor
{
    /// <summary>A field with a name and one value.</summary>
    /// <param name="name">The name as written.</param>
    /// <param name="value">The value as written; may be empty.</param>
    void OnField(ReadOnlySpan<char> name, ReadOnlySpan<char> value);

    /// <summary>A field with several values in parentheses.</summary>
    /// <param name="name">The name as written.</param>
    /// <param name="values">What stands between the parentheses.</param>
    void OnTuple(ReadOnlySpan<char> name, ReadOnlySpan<char> values);

    /// <summary>A tag of the subtitle's markup.</summary>
    /// <param name="content">What stands between the angle brackets.</param>
    void OnTag(ReadOnlySpan<char> content);

    /// <summary>Something was opened and not closed before the line's end.</summary>
    /// <param name="closing">The character that is missing.</param>
    /// <param name="rest">The line from the opening on.</param>
    void OnUnclosed(char closing, ReadOnlySpan<char> rest);
}
