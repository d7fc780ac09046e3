namespace Swarm.Format.Objects;

/// <summary>Bytes that are not what they should be: damaged, cut, hostile, or of an unknown version or feature.</summary>
/// <param name="message">What was expected and what was found.</param>
/// <param name="isUnsupported">Whether the bytes may be sound, but need a newer build.</param>
public sealed class CorruptObjectException(string message, bool isUnsupported = false) : Exception(message)
{
    /// <summary>Whether the bytes may be sound, but need a newer build.</summary>
    public bool IsUnsupported { get; } = isUnsupported;
}
