namespace Swarm;

/// <summary>A network or store fault came between; whether the request took effect is not known.</summary>
/// <param name="message">What failed, where, and what to look at.</param>
/// <param name="isTransient">Whether repeating the same request is safe and may help.</param>
/// <param name="innerException">The cause.</param>
public sealed class SwarmTransportException(string message, bool isTransient, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether repeating the same request is safe and may help.</summary>
    public bool IsTransient { get; } = isTransient;
}
