namespace Swarm;

/// <summary>The spool on this machine's disk cannot be used: in use, unreadable, or the disk refuses a write.</summary>
/// <param name="message">What failed, where, and the remedy.</param>
/// <param name="innerException">The cause.</param>
public class SpoolException(string message, Exception? innerException = null) : IOException(message, innerException);

/// <summary>
/// The spool has no room for a step, which was refused before anything of it was computed. Retryable: feed it again once
/// the silo or its store is back.
/// </summary>
/// <param name="message">What is full, and the remedy.</param>
/// <param name="path">The spool's folder.</param>
/// <param name="usedBytes">Bytes that it holds.</param>
/// <param name="neededBytes">Bytes that the step takes.</param>
/// <param name="limitBytes">Bytes that it may hold.</param>
public sealed class SpoolFullException(string message, string path, long usedBytes, long neededBytes, long limitBytes)
    : SpoolException(message)
{
    /// <summary>The spool's folder.</summary>
    public string Path { get; } = path;

    /// <summary>Bytes that it holds.</summary>
    public long UsedBytes { get; } = usedBytes;

    /// <summary>Bytes that the refused step takes.</summary>
    public long NeededBytes { get; } = neededBytes;

    /// <summary>Bytes that it may hold.</summary>
    public long LimitBytes { get; } = limitBytes;
}
