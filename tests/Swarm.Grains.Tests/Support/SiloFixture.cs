using Swarm.Testing;
using Xunit;

namespace Swarm.Grains.Tests.Support;

/// <summary>One silo for the tests of a class; each test uses contexts of its own.</summary>
public sealed class SiloFixture : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();
    private TestSilo? _silo;

    internal TestSilo Silo => _silo!;

    public async ValueTask InitializeAsync() => _silo = await TestSilo.StartAsync(_folder.Path);

    public async ValueTask DisposeAsync()
    {
        if (_silo is not null)
        {
            await _silo.DisposeAsync();
        }

        _folder.Dispose();
    }
}
