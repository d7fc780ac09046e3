using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Clustering.Membership;
using Swarm.Format.Objects;
using Swarm.Grains.Tests.Support;
using Swarm.Storage.Blobs;
using Swarm.Testing.Faults;
using Xunit;

namespace Swarm.Clustering.Tests.Membership;

/// <summary>The facts that Orleans' own tests ask of a membership table, and what a blob store adds to them.</summary>
public abstract class BlobMembershipTableTests(IBlobStore store)
{
    private readonly IBlobStore _store = store;
    private int _generation;

    private static DateTime Now => new(2026, 11, 23, 1, 2, 3, DateTimeKind.Utc);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAll_EmptyTable_IsVersionZero()
    {
        var table = await TableAsync();

        var data = await table.ReadAll();

        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
        Assert.NotEmpty(data.Version.VersionEtag);
    }

    [Fact]
    public async Task InsertRow_NewSilo_BumpsVersionAndEtag()
    {
        var table = await TableAsync();
        var version = (await table.ReadAll()).Version.Next();
        var entry = Entry();

        Assert.True(await table.InsertRow(entry, version));
        var data = await table.ReadRow(entry.SiloAddress);

        Assert.Equal(1, data.Version.Version);
        Assert.NotEqual(version.VersionEtag, data.Version.VersionEtag);
        Assert.Equal(entry.ToFullString(), Assert.Single(data.Members).Item1.ToFullString());
    }

    [Fact]
    public async Task InsertRow_OldTableVersion_IsRefused()
    {
        var table = await TableAsync();
        var version = (await table.ReadAll()).Version.Next();
        Assert.True(await table.InsertRow(Entry(), version));

        Assert.False(await table.InsertRow(Entry(), version));
        Assert.Single((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task InsertRow_SameSiloAgain_IsRefused()
    {
        var table = await TableAsync();
        var entry = Entry();
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));

        Assert.False(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        Assert.Equal(1, (await table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task ReadRow_UnknownSilo_HasNoMemberAndTheVersion()
    {
        var table = await TableAsync();
        await table.InsertRow(Entry(), (await table.ReadAll()).Version.Next());

        var data = await table.ReadRow(Entry().SiloAddress);

        Assert.Empty(data.Members);
        Assert.Equal(1, data.Version.Version);
    }

    [Fact]
    public async Task UpdateRow_EachConditionBroken_IsRefused()
    {
        var table = await TableAsync();
        var entry = Entry();
        var oldVersion = (await table.ReadAll()).Version.Next();
        await table.InsertRow(entry, oldVersion);
        var data = await table.ReadAll();
        var etag = data.TryGet(entry.SiloAddress)!.Item2;
        entry.Status = SiloStatus.Active;
        entry.AddSuspector(Entry().SiloAddress, Now.AddSeconds(1));

        Assert.False(await table.UpdateRow(entry, etag, oldVersion), "an old table version was taken");
        Assert.False(await table.UpdateRow(entry, "another", data.Version.Next()), "an old row was taken");
        Assert.False(await table.UpdateRow(Entry(), etag, data.Version.Next()), "an unknown silo was taken");
        Assert.Equal(etag, (await table.ReadRow(entry.SiloAddress)).Members.Single().Item2);
        Assert.True(await table.UpdateRow(entry, etag, data.Version.Next()));
        Assert.False(await table.UpdateRow(entry, etag, data.Version.Next()), "the same update was taken twice");
        var newEtag = (await table.ReadRow(entry.SiloAddress)).Members.Single().Item2;
        Assert.False(await table.UpdateRow(entry, newEtag, data.Version.Next()), "an old table version was taken for a new row");
        Assert.Equal(newEtag, (await table.ReadRow(entry.SiloAddress)).Members.Single().Item2);

        var after = await table.ReadAll();
        Assert.Equal(2, after.Version.Version);
        Assert.Equal(entry.ToFullString(), after.TryGet(entry.SiloAddress)!.Item1.ToFullString());
    }

    [Fact]
    public async Task UpdateRow_InParallel_NoUpdateIsLost()
    {
        const int writers = 12;
        var table = await TableAsync();
        var entry = Entry();
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));

        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            var own = await TableAsync();
            while (true)
            {
                var data = await own.ReadAll();
                var (row, etag) = data.TryGet(entry.SiloAddress)!;
                row.ProxyPort++;
                if (await own.UpdateRow(row, etag, data.Version.Next()))
                {
                    return;
                }
            }
        }));

        var after = await table.ReadAll();
        Assert.Equal(1 + writers, after.Version.Version);
        Assert.Equal(entry.ProxyPort + writers, Assert.Single(after.Members).Item1.ProxyPort);
    }

    [Fact]
    public async Task InsertRow_InParallelWithOneVersion_ExactlyOneWins()
    {
        var table = await TableAsync();
        var version = (await table.ReadAll()).Version.Next();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => table.InsertRow(Entry(), version)));

        Assert.Single(outcomes, inserted => inserted);
        Assert.Single((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task UpdateIAmAlive_ChangesTheTimeAlone()
    {
        var table = await TableAsync();
        var entry = Entry();
        await table.InsertRow(entry, (await table.ReadAll()).Version.Next());
        var before = await table.ReadAll();

        // As Orleans calls it: with the address and the time alone.
        await table.UpdateIAmAlive(new MembershipEntry { SiloAddress = entry.SiloAddress, IAmAliveTime = Now.AddHours(1) });
        var after = await table.ReadAll();

        Assert.Equal(before.Version, after.Version);
        var (row, etag) = after.TryGet(entry.SiloAddress)!;
        Assert.Equal(before.TryGet(entry.SiloAddress)!.Item2, etag);
        Assert.Equal(Now.AddHours(1), row.IAmAliveTime);
        Assert.Equal((entry.SiloName, entry.Status, entry.ProxyPort), (row.SiloName, row.Status, row.ProxyPort));
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_RemovesOldOnesThatAreNotActive()
    {
        var table = await TableAsync();
        foreach (var status in Enum.GetValues<SiloStatus>())
        {
            var old = Entry(status);
            old.StartTime = old.IAmAliveTime = Now.AddDays(-10);
            Assert.True(await table.InsertRow(old, (await table.ReadAll()).Version.Next()));
        }

        var recent = Entry(SiloStatus.Dead);
        Assert.True(await table.InsertRow(recent, (await table.ReadAll()).Version.Next()));

        await table.CleanupDefunctSiloEntries(new DateTimeOffset(Now.AddDays(-3)));

        var left = (await table.ReadAll()).Members.Select(member => member.Item1).ToArray();
        Assert.Equal(2, left.Length);
        Assert.Contains(left, entry => entry.Status == SiloStatus.Active);
        Assert.Contains(left, entry => entry.SiloAddress.Equals(recent.SiloAddress));
    }

    [Fact]
    public async Task GetGateways_ActiveSilosWithAGateway_Alone()
    {
        var table = await TableAsync();
        var active = Entry(SiloStatus.Active);
        var closed = Entry(SiloStatus.Active);
        closed.ProxyPort = 0;
        foreach (var entry in new[] { active, closed, Entry(SiloStatus.Dead), Entry(SiloStatus.Joining) })
        {
            Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        }

        var gateways = await new BlobGatewayListProvider(table, Options.Create(new GatewayOptions())).GetGateways();

        var gateway = Assert.Single(gateways);
        Assert.Equal((active.SiloAddress.Endpoint.Address.ToString(), active.ProxyPort), (gateway.Host, gateway.Port));
    }

    [Fact]
    public async Task DeleteMembershipTableEntries_LeavesAnEmptyTable()
    {
        var table = await TableAsync();
        await table.InsertRow(Entry(), (await table.ReadAll()).Version.Next());

        await table.DeleteMembershipTableEntries("test");

        Assert.Empty((await table.ReadAll()).Members);
        Assert.True(await table.InsertRow(Entry(), (await table.ReadAll()).Version.Next()));
    }

    [Fact]
    public async Task InsertRow_AnswerLost_SucceedsOnce()
    {
        var faults = new FaultBlobStore(_store);
        var table = await TableAsync(faults);
        var lost = 0;
        faults.Next = (operation, _) =>
            operation == BlobOperation.Replace && Interlocked.Increment(ref lost) == 1 ? BlobFault.LostAnswer : null;

        Assert.True(await table.InsertRow(Entry(), (await table.ReadAll()).Version.Next()));

        var data = await table.ReadAll();
        Assert.Single(data.Members);
        Assert.Equal(1, data.Version.Version);
        Assert.True(lost >= 1, "no answer was lost");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"format\":\"other\",\"version\":1,\"clusterId\":\"test\",\"tableVersion\":0,\"tableEtag\":\"0\",\"silos\":[]}")]
    [InlineData("{\"format\":\"swarm.membership\",\"version\":2,\"clusterId\":\"test\",\"tableVersion\":0,\"tableEtag\":\"0\",\"silos\":[]}")]
    [InlineData("{\"format\":\"swarm.membership\",\"version\":1,\"clusterId\":\"else\",\"tableVersion\":0,\"tableEtag\":\"0\",\"silos\":[]}")]
    [InlineData("{\"format\":\"swarm.membership\",\"version\":1,\"clusterId\":\"test\",\"tableVersion\":0,\"tableEtag\":\"0\",\"silos\":[{\"etag\":\"1\",\"address\":\"x\",\"status\":\"Active\",\"gatewayPort\":1,\"startTime\":\"2026-01-01T00:00:00Z\",\"iAmAliveTime\":\"2026-01-01T00:00:00Z\"}]}")]
    public async Task ReadAll_NotATableOfThisBuild_IsNamedAndNotReplaced(string content)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(content);
        var name = BlobMembershipTable.NameOf("test");
        var written = await _store.CreateAsync(name, new(bytes), Token);
        var table = Table(_store);

        var corrupt = await Assert.ThrowsAsync<CorruptObjectException>(table.ReadAll);

        Assert.Contains(name, corrupt.Message, StringComparison.Ordinal);
        Assert.Equal(written.ETag, (await _store.ReadAsync(name, 0, new byte[1], Token)).ETag);
    }

    // Pins the persisted layout. If this fails, silos of the version before cannot read the table: raise the version.
    [Fact]
    public async Task ReadAll_GoldenVersion1_IsUnderstood()
    {
        const string golden = """
            {
              "format": "swarm.membership",
              "version": 1,
              "clusterId": "test",
              "tableVersion": 4,
              "tableEtag": "f5dde3ac81d147a08e6f2aeea9cf49c7",
              "silos": [
                {
                  "etag": "3027806719aa4c7d889806c5d7a9528a",
                  "address": "127.0.0.1:43333@154401466",
                  "status": "Active",
                  "gatewayPort": 45221,
                  "hostName": "vm",
                  "siloName": "Silo_dc2cb",
                  "roleName": "Swarm.Host",
                  "updateZone": 0,
                  "faultZone": 0,
                  "startTime": "2026-11-23T01:17:46.2851933Z",
                  "iAmAliveTime": "2026-11-23T01:17:48.0805659Z",
                  "suspicions": [ { "by": "127.0.0.1:43334@154401466", "time": "2026-11-23T01:17:48.0805659Z" } ]
                }
              ]
            }
            """;
        await _store.CreateAsync(
            BlobMembershipTable.NameOf("test"), new(System.Text.Encoding.UTF8.GetBytes(golden)), Token);

        var data = await Table(_store).ReadAll();

        var (entry, etag) = Assert.Single(data.Members);
        Assert.Equal((4, "f5dde3ac81d147a08e6f2aeea9cf49c7"), (data.Version.Version, data.Version.VersionEtag));
        Assert.Equal("3027806719aa4c7d889806c5d7a9528a", etag);
        Assert.Equal((SiloStatus.Active, 45221, "vm"), (entry.Status, entry.ProxyPort, entry.HostName));
        Assert.Equal("127.0.0.1:43334@154401466", Assert.Single(entry.SuspectTimes!).Item1.ToParsableString());
    }

    private static BlobMembershipTable Table(IBlobStore store) => new(
        store,
        Options.Create(new ClusterOptions { ClusterId = "test", ServiceId = "test" }),
        Options.Create(new StoreClusteringOptions { MaxAttempts = 200, MaxPause = TimeSpan.FromMilliseconds(5) }),
        new ShiftedClock(Now.AddHours(1)),
        NullLogger<BlobMembershipTable>.Instance);

    private async Task<BlobMembershipTable> TableAsync(IBlobStore? store = null)
    {
        var table = Table(store ?? _store);
        await table.InitializeMembershipTable(tryInitTableVersion: true);
        return table;
    }

    private MembershipEntry Entry(SiloStatus status = SiloStatus.Joining) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 12345, Interlocked.Increment(ref _generation)),
        HostName = "host",
        SiloName = "silo",
        Status = status,
        ProxyPort = 12346,
        StartTime = Now,
        IAmAliveTime = Now,
    };
}
