namespace Swarm.Core.Settings;

/// <summary>
/// Makes a property of an options class a setting: what <c>--help</c> prints, what is read from configuration and what is
/// checked all come from here. The default is the property's value in a fresh instance.
/// </summary>
/// <remarks>
/// The property is public, can be set, and is a <see cref="string"/>, <see cref="bool"/>, <see cref="int"/>,
/// <see cref="long"/> or <see cref="TimeSpan"/>. A number whose name contains "Bytes" is a size.
/// </remarks>
/// <param name="text">What it is for: one sentence or two, without default and range.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string text) : Attribute
{
    /// <summary>What it is for.</summary>
    public string Text { get; } = text;

    /// <summary>Least allowed value, as a user would write it, such as <c>64KiB</c> or <c>10ms</c>; <see langword="null"/> for 0.</summary>
    public string? Min { get; set; }

    /// <summary>Largest allowed value, likewise; <see langword="null"/> for what the type holds.</summary>
    public string? Max { get; set; }

    /// <summary>The allowed words of a text, separated by <c>|</c>; <see langword="null"/> for any text.</summary>
    public string? OneOf { get; set; }

    /// <summary>Whether a text is the path of a folder, checked by <see cref="FolderPathRules"/>; empty for none.</summary>
    public bool IsFolder { get; set; }

    /// <summary>Configuration section, where it is not the one of the class.</summary>
    public string? Section { get; set; }
}
