using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Swarm.Grains.Tests.Support;
using Swarm.Silo.Stores;
using Swarm.Storage;
using Swarm.Testing;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>Another store, with another silo's entry in it, is in the place of the one that a silo has.</summary>
public sealed class StoreReplacedTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    // A silo that ended would be started again by its supervisor, over the wrong store.
    [Fact]
    public async Task Store_ReplacedByOneThatAnotherSiloHas_IsNotTakenForATakeOverAndTheSiloStays()
    {
        var store = _folder.Combine("store");
        await using var silo = await SwarmHost.StartAsync(TestSilo.Arguments(store), Token);
        await using (await SwarmHost.StartAsync(TestSilo.Arguments(_folder.Combine("other")), Token))
        {
            Copy(_folder.Combine("other"), _folder.Combine("copy")); // With the entry of one that runs.
        }

        Directory.Move(store, _folder.Combine("gone"));
        Directory.Move(_folder.Combine("copy"), store);

        var ownership = silo.Services.GetRequiredService<StoreOwnership>();
        var lifetime = silo.Services.GetRequiredService<IHostApplicationLifetime>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token, lifetime.ApplicationStopping);
        await Poll.UntilAsync(() => ownership.Fault?.Contains("the store was replaced", StringComparison.Ordinal) == true, limit.Token);

        Assert.Null(silo.Failure);
        Assert.NotNull(silo.Services.GetRequiredService<ContextStore>().StoreReplaced);
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(from, "objects"), "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
