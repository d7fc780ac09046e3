using Swarm.Core.Sessions;

namespace Swarm.Client.Streaming;

/// <summary>Hears of a session's rewinds.</summary>
internal interface IRewindObserver
{
    /// <summary>A rewind is about to be asked for: whether it takes effect is not known from now on.</summary>
    /// <param name="length">Length that the context is cut to.</param>
    /// <param name="secret">The session's secret afterwards.</param>
    void BeginRewind(long length, SessionSecret secret);

    /// <summary>The rewind is done.</summary>
    /// <param name="epoch">The session's epoch from now on.</param>
    /// <param name="secret">Its secret.</param>
    /// <param name="length">Length of the context.</param>
    void EndRewind(Epoch epoch, SessionSecret secret, long length);
}
