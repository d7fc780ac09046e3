namespace Swarm.DataPlane.Client;

/// <summary>Told what a server pushes for one attachment. Called by the reader of a connection that others share: must return at once, and not throw.</summary>
public interface IDataPlaneObserver
{
    /// <summary>Watermarks moved.</summary>
    /// <param name="epoch">Epoch in force.</param>
    /// <param name="durable">Watermarks.</param>
    void OnDurable(Epoch epoch, Watermarks durable);

    /// <summary>Another session holds the context. The attachment is over.</summary>
    /// <param name="current">Epoch in force.</param>
    void OnFenced(Epoch current);

    /// <summary>The context is not open there any more. The attachment is over.</summary>
    void OnMoved();

    /// <summary>The connection is lost. The attachment is over.</summary>
    /// <param name="exception">Why.</param>
    void OnLost(Exception exception);
}
