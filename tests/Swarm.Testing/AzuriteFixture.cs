using Swarm.Azurite;
using Swarm.Storage.Azure;
using Xunit;

namespace Swarm.Testing;

/// <summary>One Azurite for the tests of a class or assembly, on a free port, with its data in memory.</summary>
/// <remarks>Use as <c>IClassFixture</c> or <c>[assembly: AssemblyFixture(typeof(AzuriteFixture))]</c>.</remarks>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private AzuriteProcess? _process;
    private int _containers;

    /// <summary>Its connection string.</summary>
    public string ConnectionString => Process.ConnectionString;

    private AzuriteProcess Process =>
        _process ?? throw new InvalidOperationException("The fixture is not initialised: let xunit create it.");

    /// <summary>A store in a container that no other test uses.</summary>
    public AzureBlobStore NewStore() => AzureBlobStore.Connect(ConnectionString, NewContainer());

    /// <summary>A container name that no other test uses.</summary>
    public string NewContainer() => $"test-{Interlocked.Increment(ref _containers)}";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() =>
        _process = await AzuriteProcess.StartAsync(null, null, TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
