using Swarm;
using Swarm.DataPlane.Client;

namespace DroneHandoff.Roles;

/// <summary>For a session that only tries one append: its answer says everything.</summary>
internal sealed class SilentObserver : IDataPlaneObserver
{
    /// <inheritdoc/>
    public void OnDurable(Epoch epoch, Watermarks durable)
    {
        // The append's own answer tells.
    }

    /// <inheritdoc/>
    public void OnFenced(Epoch current)
    {
        // The append is refused.
    }

    /// <inheritdoc/>
    public void OnMoved()
    {
        // The append is refused.
    }

    /// <inheritdoc/>
    public void OnLost(Exception exception)
    {
        // The append fails.
    }
}
