using Swarm.Grains.Contexts;

namespace Swarm.Silo.Listening;

/// <summary>Knows the data plane's address once it listens.</summary>
internal sealed class DataPlaneAddress : IDataPlaneEndpoint
{
    private readonly TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Tells the address; later calls change nothing.</summary>
    /// <param name="address">The address, <c>host:port</c>.</param>
    public void Set(string address) => _address.TrySetResult(address);

    /// <inheritdoc/>
    public ValueTask<string> GetAddressAsync(CancellationToken cancellationToken) =>
        new(_address.Task.WaitAsync(cancellationToken));
}
