using Microsoft.Extensions.Hosting;

namespace Swarm.Client.Control;

/// <summary>
/// Leaves the process's signals alone. The host around Orleans' client would have a console lifetime otherwise, which takes SIGINT, SIGQUIT and
/// SIGTERM for itself: nobody waits for that host, so they would end nothing.
/// </summary>
internal sealed class NoHostLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
