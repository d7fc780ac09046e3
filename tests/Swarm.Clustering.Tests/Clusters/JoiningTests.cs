using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService;
using Swarm.Clustering.Membership;
using Swarm.Format.Objects;
using Swarm.Grains.Tests.Support;
using Swarm.Host;
using Swarm.Host.Settings;
using Swarm.Host.Startup;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Testing;
using Swarm.Testing.Faults;
using Xunit;

namespace Swarm.Clustering.Tests.Clusters;

/// <summary>A silo starts while the membership table has one that died, and says that it is alive.</summary>
public sealed class JoiningTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(600, true)]
    [InlineData(20, true)]
    [InlineData(600, false)]
    public async Task Start_AfterASiloThatDiedWithItsClockAhead_Joins(int aheadSeconds, bool isSamePort)
    {
        var port = FreePort();
        var generation = await WriteDeadRowAsync(isSamePort ? port : FreePort(), TimeSpan.FromSeconds(aheadSeconds));

        await using var silo = await SwarmHost.StartAsync(
            TestSilo.Arguments(
                _folder.Path, $"--Swarm:Endpoints:Silo={port}", "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true",
                "--Swarm:Cluster:AlivePeriod=00:00:01", "--Swarm:Cluster:ProbeTimeout=00:00:00.5"),
            Token).WaitAsync(TimeSpan.FromMinutes(1), Token);

        var details = silo.Services.GetRequiredService<ILocalSiloDetails>();
        Assert.Equal(port, details.SiloAddress.Endpoint.Port);
        Assert.Equal(isSamePort, details.SiloAddress.Generation > generation);
        Assert.Equal(SiloStatus.Active, silo.Services.GetRequiredService<ISiloStatusOracle>().CurrentStatus);
    }

    [Fact]
    public async Task Start_WaitsForASiloThatIsGone_AnswersMeanwhileThatItLivesAndIsNotReady()
    {
        await WriteDeadRowAsync(FreePort(), TimeSpan.Zero);
        var http = FreePort();
        var readyFile = _folder.Combine("ready.json");
        await File.WriteAllTextAsync(readyFile, "of an earlier process", Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        stop.CancelAfter(TimeSpan.FromMinutes(1));
        var start = SwarmHost.StartAsync(
            TestSilo.Arguments(
                _folder.Path, $"--Swarm:Endpoints:Http={http}", "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true",
                "--Swarm:Cluster:AlivePeriod=00:01:00", "--ready-file", readyFile),
            stop.Token);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}") };

        var isReady = await StatusAsync(client, "/health/ready", start, stop.Token);
        var isLive = await StatusAsync(client, "/health/live", start, stop.Token);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (isReady, isLive));
        Assert.False(File.Exists(readyFile));
        Assert.False(start.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Look_StoreHangs_EndsWithAFaultThatNamesTheLimitOrIsCalledOff(bool isCalledOff)
    {
        using var files = new FileBlobStore(_folder.Path);
        var store = new FaultBlobStore(files) { Next = (_, _) => BlobFault.Hang };
        var time = new FakeTimeProvider();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var settings = new HostSettings();
        settings.Cluster.Kind = "store";
        var looking = ClusterProbe.LookAsync(store, settings, new Addresses(IPAddress.Loopback, IPAddress.Loopback), time, stop.Token);
        await store.WaitForHangingAsync(1, Token);

        if (isCalledOff)
        {
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
        }
        else
        {
            time.Advance(TimeSpan.FromSeconds(20));
            var fault = await Assert.ThrowsAsync<HostStartException>(() => looking);
            Assert.Contains("the membership table within 20 s", Assert.Single(fault.Faults), StringComparison.Ordinal);
        }

        store.Release();
    }

    // Orleans starts at the same time, and finds that its start is called off.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_ToldToStopBeforeItIsUp_IsCalledOffAndNoFault(bool isByCaller)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var start = SwarmHost.StartAsync(
            TestSilo.Arguments(_folder.Path),
            services =>
            {
                services.AddSingleton<IHostLifetime, NoSignals>();
                services.AddHostedService(provider => new Stopping(isByCaller ? stop.Cancel : provider.GetRequiredService<IHostApplicationLifetime>().StopApplication));
            },
            stop.Token);

        await Assert.ThrowsAsync<OperationCanceledException>(() => start);
        await using var next = await SwarmHost.StartAsync(TestSilo.Arguments(_folder.Path), Token); // Nothing is held.
    }

    [Fact]
    public void Explain_SilosThatLiveAndDoNotAnswer_SaysSoWithTheTimeAndTheRemedy()
    {
        var cluster = new ClusterSettings { AlivePeriod = TimeSpan.FromSeconds(4) };
        var fault = new OrleansClusterConnectivityCheckFailedException("no answer from S10.0.0.5:7403:1");

        var explained = Assert.IsType<HostStartException>(
            StartFaults.Explain(new AggregateException(fault, new AddressInUseException("port 7402")), cluster));
        var unknown = new InvalidOperationException("a bug");
        var damaged = new OrleansException("Start failed.", new CorruptObjectException("'cluster/swarm/membership' is cut."));
        var away = new BlobStoreException("'cluster/swarm/membership' cannot be read.", isTransient: true);
        var canceled = (Exception)RuntimeHelpers.GetUninitializedObject(typeof(OrleansLifecycleCanceledException)); // Orleans alone makes them.
        var ofStore = Assert.IsType<HostStartException>(
            StartFaults.Explain(new AggregateException(damaged, away, new OperationCanceledException(), canceled), cluster));

        Assert.Equal(2, explained.Faults.Count);
        Assert.Contains("S10.0.0.5:7403:1", explained.Faults[0], StringComparison.Ordinal);
        Assert.Contains("12 s", explained.Faults[0], StringComparison.Ordinal);
        Assert.Same(unknown, StartFaults.Explain(unknown, cluster));
        Assert.Equal(
            ["Swarm:Store: 'cluster/swarm/membership' is cut.", "Swarm:Store: 'cluster/swarm/membership' cannot be read."], ofStore.Faults);
    }

    private sealed class Stopping(Action stop) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            stop();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path, Task start, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
                return response.StatusCode;
            }
            catch (HttpRequestException)
            {
                Assert.False(start.IsCompleted);
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private async Task<int> WriteDeadRowAsync(int port, TimeSpan ahead)
    {
        using var store = new FileBlobStore(_folder.Path);
        var table = new BlobMembershipTable(
            store,
            Options.Create(new ClusterOptions { ClusterId = "swarm" }),
            Options.Create(new StoreClusteringOptions()),
            TimeProvider.System,
            NullLogger<BlobMembershipTable>.Instance);
        await table.InitializeMembershipTable(tryInitTableVersion: true);
        var time = DateTime.UtcNow + ahead;
        var generation = SiloAddress.AllocateNewGeneration() + (int)ahead.TotalSeconds;
        var entry = new MembershipEntry
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, port, generation),
            HostName = "host",
            SiloName = "silo",
            Status = SiloStatus.Active,
            StartTime = time,
            IAmAliveTime = time,
        };
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        return generation;
    }
}
