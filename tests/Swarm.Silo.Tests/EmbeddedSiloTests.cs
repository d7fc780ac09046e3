using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Swarm.Clustering.Holders;
using Swarm.DataPlane.Server;
using Swarm.Format.Frames;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Testing;
using Swarm.Testing.Faults;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Silo.Tests;

/// <summary>A silo in a plain host, over each kind of store: a memory is handed over, and goes on after a restart.</summary>
public sealed class EmbeddedSiloTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Embed_InMemoryStore_HandsOverAndOutlivesTheSilo()
    {
        var store = new InMemoryBlobStore();

        await HandOverAsync(() => store);
    }

    [Fact]
    public async Task Embed_FileStore_HandsOverAndOutlivesTheSilo()
    {
        using var folder = new TempDirectory();

        await HandOverAsync(() => new FileBlobStore(folder.Combine("store")));
    }

    [Fact]
    public async Task Embed_Azurite_HandsOverAndOutlivesTheSilo()
    {
        var store = azurite.NewStore();

        await HandOverAsync(() => store);
    }

    [Fact]
    public void Build_SettingsOutOfRange_NamesEachAtOnce()
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Build(options =>
        {
            options.Storage.FlushInterval = TimeSpan.FromSeconds(20);
            options.DataPlaneEndpoint = new IPEndPoint(IPAddress.Any, 0);
            options.Tenants["acme"] = "secret";
            options.Tenants["other"] = "";
        }));

        Assert.Contains("Store is not set", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Storage.FlushInterval is 20s; 1ms to 10s is allowed", refused.Message, StringComparison.Ordinal);
        Assert.Contains("AdvertisedDataPlane", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Tenants['acme']", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Tenants['other'] has no token", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_AddressesThatAreNone_NamesThem()
    {
        var store = new InMemoryBlobStore();

        var advertised = Assert.Throws<OptionsValidationException>(() => Build(options =>
            (options.Store, options.AdvertisedDataPlane) = (_ => store, "10.0.0.7")));
        var missing = Assert.Throws<OptionsValidationException>(() => Build(options =>
            (options.Store, options.DataPlaneEndpoint) = (_ => store, null!)));
        var open = Assert.Throws<OptionsValidationException>(() => Build(options =>
        {
            options.Store = _ => store;
            (options.DataPlaneEndpoint, options.AdvertisedDataPlane) = (new IPEndPoint(IPAddress.Any, 0), "[::1]:7401");
        }));

        Assert.Contains("AdvertisedDataPlane is '10.0.0.7'; host:port", advertised.Message, StringComparison.Ordinal);
        Assert.Contains("DataPlaneEndpoint is null", missing.Message, StringComparison.Ordinal);
        Assert.Contains("Tenants['default'] has no token", open.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tenants_OneIsNamed_DefaultIsNoneAnyMore()
    {
        using var host = Build(options =>
        {
            options.Store = _ => new InMemoryBlobStore();
            options.Tenants["acme"] = "";
        });
        await host.StartAsync(Token);

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => ConnectAsync(host));

        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
        await host.StopAsync(Token);
    }

    // The host is disposed without being stopped: nothing may keep the store taken.
    [Fact]
    public async Task Start_FailsBehindTheStore_LeavesTheStore()
    {
        var store = new InMemoryBlobStore();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using (var failing = Build(options =>
            (options.Store, options.DataPlaneEndpoint) = (_ => store, (IPEndPoint)taken.LocalEndpoint)))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => failing.StartAsync(Token));
        }

        using var second = Build(options => options.Store = _ => store);
        await second.StartAsync(Token);
        await second.StopAsync(Token);
    }

    [Fact]
    public async Task Start_StoreOfAnotherSilo_IsRefused()
    {
        var store = new InMemoryBlobStore();
        using var first = Build(options => options.Store = _ => store);
        await first.StartAsync(Token);
        using var second = Build(options => options.Store = _ => store);

        await Assert.ThrowsAsync<StoreHeldException>(() => second.StartAsync(Token));

        await first.StopAsync(Token);
    }

    /// <summary>An attempt that is given up must not take with it what the silo has done for it: the next one would begin anew, again and again.</summary>
    [Fact]
    public async Task Open_StoreTakesLongerThanAnAttempt_GetsThere()
    {
        var store = new FaultBlobStore(new InMemoryBlobStore());
        using var host = Build(options => options.Store = _ => store);
        await host.StartAsync(Token);
        await using (var first = await ConnectAsync(host))
        {
            await using var warm = await first.Agent("drone-a").OpenAsync("track/0", new ToyRuntime(), null, Token); // Compiles what the attempts then run.
        }

        await using var swarm = await ConnectAsync(host, new SwarmClientOptions { AttemptTimeout = TimeSpan.FromMilliseconds(100) });
        store.Rates = new FaultRates { MaxDelay = TimeSpan.FromMilliseconds(200) };

        await using (var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token))
        {
            Assert.Equal(1UL, a.Epoch.Value);
            store.Rates = new FaultRates();
        }

        await host.StopAsync(Token);
    }

    /// <summary>
    /// The holder's last KV becomes durable together with the epoch of a standby that computes the same positions meanwhile: what is durable
    /// counts, and not what this processor makes of it.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task TakeOver_KvBecomesDurableWithTheEpoch_HasTheHoldersBits(int rounding)
    {
        const int LastStep = 10;
        const int Positions = 155;
        var store = new FaultBlobStore(new InMemoryBlobStore());
        using var host = Build(options => options.Store = _ => store);
        await host.StartAsync(Token);
        var durable = 0;
        await using (var swarm = await ConnectAsync(host))
        {
            await using var other = await ConnectAsync(host);
            await using var busy = await swarm.Agent("drone-c").OpenAsync("track/busy", new ToyRuntime(), null, Token);
            for (var round = 0; round < 10; round++)
            {
                var context = $"track/{round}";
                var (lead, runtime) = (new ToyRuntime(), new ToyRuntime { Rounding = (ulong)rounding });
                var options = new MemoryOptions { KvFlushInterval = TimeSpan.FromMinutes(1) };
                await using var a = await swarm.Agent("drone-a").OpenAsync(context, lead, options, Token);
                await a.FeedAsync(new int[100], Token);
                await a.FlushAsync(Token);
                await using var standby = await other.Agent("drone-b").StandByAsync(context, runtime, Token);
                for (var step = 1; step <= LastStep; step++)
                {
                    await a.FeedAsync(new int[step], Token);
                }

                await Poll.UntilAsync(() => standby.Status.Held == new Watermarks(Positions, 100), Token);
                store.Next = (operation, _) => operation == BlobOperation.Create ? BlobFault.Hang : null;
                await busy.FeedAsync(new int[1], Token);
                await store.WaitForHangingAsync(1, Token);
                var flushing = a.FlushAsync(Token).AsTask();
                for (var call = 0; call < 10; call++)
                {
                    await swarm.GetStatusAsync(context, Token); // The KV arrives meanwhile, as a rule.
                }

                var taking = standby.TakeOverAsync(TakeOver.Now, options, Token);
                await Poll.UntilAsync(() => runtime.ComputedPositions >= Positions - 100, Token);
                store.Next = null;
                store.Release();

                await using var b = await taking;
                await Record.ExceptionAsync(() => flushing); // Acknowledged, or fenced first.
                if (b.Durable.Kv == Positions)
                {
                    durable++;
                    Assert.Equal((Positions, 0), (b.Rehydration.Held + b.Rehydration.Loaded, b.Rehydration.Recomputed));
                    var held = rounding == 0 ? Positions : Positions - LastStep; // That step may be computed once more for its logits.
                    Assert.Equal(Kv(lead, held), Kv(runtime, held));
                }

                await b.ReleaseAsync("", Token);
            }
        }

        Assert.True(durable > 0, "the holder's KV never became durable: the test is too kind");
        await host.StopAsync(Token);
    }

    private static byte[] Kv(ToyRuntime runtime, int positions)
    {
        var payload = new byte[KvPayload.EncodedLength(runtime.Model.Geometry, 0, positions)];
        KvPayload.Encode(runtime.Model.Geometry, 0, positions, runtime.ReadKv, payload);
        return payload;
    }

    /// <summary>A root that lost its bytes: the agent is refused at once and told what and where, the operator finds it in the log, and others go on.</summary>
    [Fact]
    public async Task Open_RootIsCut_IsRefusedByNameAndLogged()
    {
        using var folder = new TempDirectory();
        var logs = new TroubleLog();
        IHost Start() => Build(options => options.Store = _ => new FileBlobStore(folder.Combine("store")), logs);
        using (var host = Start())
        {
            await host.StartAsync(Token);
            await using (var swarm = await ConnectAsync(host))
            {
                await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
                await a.FeedAsync(new[] { 1, 2, 3 }, Token);
                await a.ReleaseAsync("", Token);
            }

            await host.StopAsync(Token);
        }

        var root = Assert.Single(Directory.GetFiles(folder.Combine("store"), "*", SearchOption.AllDirectories), IsRoot);
        await File.WriteAllBytesAsync(root, [], Token);
        using (var host = Start())
        {
            await host.StartAsync(Token);
            await using (var swarm = await ConnectAsync(host))
            {
                var refused = await Assert.ThrowsAsync<CorruptDataException>(
                    () => swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token));
                await using var other = await swarm.Agent("drone-a").OpenAsync("track/2", new ToyRuntime(), null, Token);

                Assert.StartsWith("Context 'track/1': ", refused.Message, StringComparison.Ordinal);
                Assert.Contains($"'{root}'", refused.Message, StringComparison.Ordinal); // A path that is there, whatever else is called by the context's name.
                Assert.Contains("swarm verify", refused.Message, StringComparison.Ordinal);
                Assert.Contains(logs.Lines, line => line.Contains(root, StringComparison.Ordinal) && line.Contains("track/1", StringComparison.Ordinal));
            }

            await host.StopAsync(Token);
        }

        static bool IsRoot(string file) => file.Contains($"{Path.DirectorySeparatorChar}contexts{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
    }

    /// <summary>A store that holds contexts and has lost its identity gets another one, and the operator hears of it; an empty one does not count.</summary>
    [Fact]
    public async Task Start_StoreWithoutItsIdentity_Warns()
    {
        var store = new InMemoryBlobStore();
        var logs = new TroubleLog();
        foreach (var isLost in new[] { false, true })
        {
            using var host = Build(options => options.Store = _ => store, logs);
            await host.StartAsync(Token);
            Assert.Equal(isLost, logs.Lines.Any(line => line.Contains("had no identity", StringComparison.Ordinal)));
            await using (var swarm = await ConnectAsync(host))
            {
                await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
                await a.ReleaseAsync("", Token);
            }

            await host.StopAsync(Token);
            await store.DeleteAsync("store", Token);
        }
    }

    private static async Task HandOverAsync(Func<IBlobStore> store)
    {
        using (var host = Build(options => options.Store = _ => store()))
        {
            await host.StartAsync(Token);
            var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
            Assert.Equal(HealthStatus.Healthy, health.Entries[SwarmSiloExtensions.HealthCheckName].Status);
            using (var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                await local.ConnectAsync(host.Services.GetRequiredService<SwarmConnectionHandler>().LocalEndpoint!, Token); // It listens there too.
            }

            await using (var swarm = await ConnectAsync(host))
            {
                await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
                await a.FeedAsync(Enumerable.Range(0, 300).Select(index => index % 97).ToArray(), Token);
                await a.ReleaseAsync("drone-b", Token);
            }

            await host.StopAsync(Token);
        }

        using (var host = Build(options => options.Store = _ => store()))
        {
            await host.StartAsync(Token);
            await using (var swarm = await ConnectAsync(host))
            {
                await using var b = await swarm.Agent("drone-b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, null, Token);
                Assert.Equal((300, 0), (b.Rehydration.Loaded, b.Rehydration.Recomputed));
                await b.FeedAsync(new[] { 1, 2, 3 }, Token);
                await b.FlushAsync(Token);
            }

            await host.StopAsync(Token);
        }
    }

    private static IHost Build(Action<SwarmSiloOptions> configure, ILoggerProvider? logs = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        if (logs is not null)
        {
            builder.Logging.AddProvider(logs);
        }

        var (silo, gateway) = (FreePort(), FreePort());
        builder.Services.AddSingleton(new Gateway(gateway));
        builder.UseOrleans(orleans => orleans
            .UseLocalhostClustering(silo, gateway)
            .AddSwarmSilo(options =>
            {
                options.DataPlaneEndpoint = new IPEndPoint(IPAddress.Loopback, 0);
                configure(options);
            }));
        return builder.Build();
    }

    private static Task<SwarmClient> ConnectAsync(IHost host, SwarmClientOptions? clientOptions = null) => SwarmClient.ConnectAsync(
        $"swarm://127.0.0.1:{host.Services.GetRequiredService<Gateway>().Port}",
        new SwarmCredential("default"),
        clientOptions,
        cancellationToken: Token);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed record Gateway(int Port);

    /// <summary>Keeps what is logged as a warning or worse.</summary>
    private sealed class TroubleLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Lines.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
