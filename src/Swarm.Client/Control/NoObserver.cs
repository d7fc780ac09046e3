using Swarm.DataPlane.Client;

namespace Swarm.Client.Control;

/// <summary>For a reader: what is pushed shows in the attachment, and a read that breaks off says so itself.</summary>
internal sealed class NoObserver : IDataPlaneObserver
{
    public void OnDurable(Epoch epoch, Watermarks durable)
    {
        // The attachment keeps them.
    }

    public void OnFenced(Epoch current)
    {
        // A reader holds nothing.
    }

    public void OnMoved()
    {
        // The next read is refused.
    }

    public void OnLost(Exception exception)
    {
        // The next read fails.
    }
}
