namespace Swarm.Storage.Blobs;

/// <summary>A queued call of <see cref="IoThreads"/>.</summary>
internal interface IIoCall
{
    /// <summary>Makes the call, unless it was cancelled meanwhile. Does not throw.</summary>
    void Execute();

    /// <summary>Ends the call without making it, unless it was cancelled meanwhile. Does not throw.</summary>
    /// <param name="fault">Why.</param>
    void Fail(Exception fault);
}
