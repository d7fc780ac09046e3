using Swarm.DataPlane.Client;

namespace Swarm.Client.Following;

/// <summary>A reader of the followed context where it is. Owns all of it.</summary>
/// <param name="Endpoint">Its silo.</param>
/// <param name="Connection">The connection, one of the client's.</param>
/// <param name="Attachment">The reader on it.</param>
/// <param name="Observer">What hears the reader's pushes.</param>
internal sealed record FollowLink(string Endpoint, PooledConnection Connection, DataPlaneAttachment Attachment, FollowObserver Observer) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Attachment.DisposeAsync().ConfigureAwait(false);
        await Connection.DisposeAsync().ConfigureAwait(false);
        Observer.Dispose();
    }
}
