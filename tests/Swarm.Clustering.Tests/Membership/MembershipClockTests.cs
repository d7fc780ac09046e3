using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Swarm.Clustering.Membership;
using Swarm.Format.Objects;
using Swarm.Grains.Tests.Support;
using Swarm.Storage.Files;
using Swarm.Testing;
using Xunit;

namespace Swarm.Clustering.Tests.Membership;

/// <summary>Tables in which the clock of another silo is wrong.</summary>
public sealed class MembershipClockTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);
    private readonly TempDirectory _folder = new();
    private readonly FileBlobStore _store;
    private readonly ShiftedClock _clock = new(Noon);
    private readonly SiloAddress _other = SiloAddress.New(IPAddress.Loopback, 7403, 5);
    private readonly BlobMembershipTable _table;

    public MembershipClockTests()
    {
        _store = new FileBlobStore(_folder.Path);
        _table = Table(_clock);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(600)]
    [InlineData(20)]
    [InlineData(-600)]
    [InlineData(0)]
    public async Task ReadAll_ClockOfALiveSiloDiffers_ItsLifeSignsAreToldByThisClock(int aheadSeconds)
    {
        var ahead = TimeSpan.FromSeconds(aheadSeconds);
        await InsertAsync(Noon + ahead);
        await _table.ReadAll();
        for (var sign = 1; sign <= 3; sign++)
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            await Table(_clock).UpdateIAmAlive(new MembershipEntry { SiloAddress = _other, IAmAliveTime = (_clock.GetUtcNow() + ahead).UtcDateTime });
            var told = await ToldAsync();

            Assert.InRange(_clock.GetUtcNow().UtcDateTime - told.IAmAliveTime, TimeSpan.Zero, TimeSpan.FromSeconds(5));
            Assert.True(told.StartTime <= told.IAmAliveTime);
        }
    }

    [Theory]
    [InlineData(600)]
    [InlineData(20)]
    public async Task ReadAll_SiloDiedWithAClockAhead_ItsSilenceCountsFromTheFirstLook(int aheadSeconds)
    {
        await InsertAsync(Noon.AddSeconds(aheadSeconds));

        Assert.Equal(Noon.UtcDateTime, (await ToldAsync()).IAmAliveTime);
        _clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(Noon.UtcDateTime, (await ToldAsync()).IAmAliveTime);
    }

    [Fact]
    public async Task UpdateRow_OfASiloWhoseClockIsAhead_KeepsTheTimesThatItWrote()
    {
        var written = Noon.AddMinutes(10);
        await InsertAsync(written);
        var data = await _table.ReadAll();
        var (entry, etag) = Assert.Single(data.Members);

        entry.AddSuspector(SiloAddress.New(IPAddress.Loopback, 7503, 6), Noon.UtcDateTime);
        Assert.True(await _table.UpdateRow(entry, etag, data.Version.Next()));

        // Else the vote would look like a heartbeat to the others.
        var stored = Assert.Single((await Table(new ShiftedClock(Noon.AddDays(1))).ReadAll()).Members).Item1;
        Assert.Equal((written.UtcDateTime, written.UtcDateTime), (stored.IAmAliveTime, stored.StartTime));
        Assert.Single(stored.SuspectTimes!);
    }

    [Fact]
    public async Task FindNextGeneration_IsAboveEveryRowOfTheEndpoint()
    {
        await InsertAsync(Noon);
        await InsertAsync(Noon, SiloAddress.New(IPAddress.Loopback, 7403, 900), SiloStatus.Dead);
        await InsertAsync(Noon, SiloAddress.New(IPAddress.Loopback, 7503, 4000));
        await InsertAsync(Noon, SiloAddress.New(IPAddress.Loopback, 7603, int.MaxValue));

        var table = await _table.ReadAll();
        Assert.Equal(901, _table.FindNextGeneration(table, new IPEndPoint(IPAddress.Loopback, 7403)));
        Assert.Equal(0, _table.FindNextGeneration(table, new IPEndPoint(IPAddress.Loopback, 7703)));
        var fault = Assert.Throws<CorruptObjectException>(() => _table.FindNextGeneration(table, new IPEndPoint(IPAddress.Loopback, 7603)));
        Assert.Contains("127.0.0.1:7603", fault.Message, StringComparison.Ordinal);
    }

    private BlobMembershipTable Table(TimeProvider clock) => new(
        _store,
        Options.Create(new ClusterOptions { ClusterId = "test" }),
        Options.Create(new StoreClusteringOptions()),
        clock,
        NullLogger<BlobMembershipTable>.Instance);

    private async Task<MembershipEntry> ToldAsync() => Assert.Single((await _table.ReadAll()).Members).Item1;

    private async Task InsertAsync(DateTimeOffset time, SiloAddress? silo = null, SiloStatus status = SiloStatus.Active)
    {
        var table = Table(_clock);
        await table.InitializeMembershipTable(tryInitTableVersion: true);
        var entry = new MembershipEntry
        {
            SiloAddress = silo ?? _other,
            HostName = "host",
            SiloName = "silo",
            Status = status,
            StartTime = time.UtcDateTime,
            IAmAliveTime = time.UtcDateTime,
        };
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
    }
}
