namespace Swarm.Core.Settings;

/// <summary>How a setting is written.</summary>
public enum SettingKind
{
    /// <summary>Any text, or one of some words.</summary>
    Text,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Flag,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>A number of bytes; see <see cref="ByteSize"/>.</summary>
    Size,

    /// <summary>A time span; see <see cref="Duration"/>.</summary>
    Time,
}
