using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Swarm.Grains.Tests.Support;
using Swarm.Testing;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>What a silo says when it cannot start, and where it says that it is when it could.</summary>
public sealed class HostStartTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_ManyFaults_AllAreNamedAtOnce()
    {
        var faults = await FaultsAsync(
            "--Swarm:Endpoints:Gateway=99999",
            "--Swarm:Endpoints:Adress=10.0.0.1",
            "--Swarm:Log:FlushInterval=soon",
            "--Swarm:Log:SegmentBytes=1",
            "--Swarm:Contexts:OperationTimeout=00:00:00",
            "--Swarm:DataPlane:MaxConnections=0",
            "--Swarm:Cluster:MissedProbes=0",
            "--Swarm:Cluster:ReleaseTimeout=00:02:00",
            "--Swarm:Cluster:Kind=cloud",
            "--Swarm:Store:Kind=tape",
            "--Swarm:Sto:Path=x",
            "--Store:Path=x",
            "--Swarm:Tenants:acme=secret",
            "--verbose");

        string[] expected =
        [
            "Gateway is 99999", "Adress", "FlushInterval is 'soon'", "SegmentBytes is 1B", "OperationTimeout",
            "MaxConnections", "MissedProbes is 0", "ReleaseTimeout is 2m",
            "'cloud'", "'tape'", "Swarm:Sto:Path", "section 'Store'", "Swarm:Tenants:acme", "--verbose",
        ];
        Assert.All(expected, text => Assert.Single(faults, fault => fault.Contains(text, StringComparison.Ordinal)));
        Assert.DoesNotContain(faults, fault => fault.Contains("secret", StringComparison.Ordinal));
        Assert.Equal(expected.Length, faults.Count);
    }

    [Fact]
    public async Task Start_PortInUse_NamesPortAndSetting()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var fault = Assert.Single(await FaultsAsync($"--Swarm:Endpoints:DataPlane={port}"));

        Assert.Contains("Swarm:Endpoints:DataPlane", fault, StringComparison.Ordinal);
        Assert.Contains($"port {port} is in use", fault, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Combine("store"))); // A refused start leaves nothing behind.
    }

    [Fact]
    public async Task Start_StorePathIsAFile_NamesTheStore()
    {
        var file = _folder.Combine("file");
        await File.WriteAllTextAsync(file, "not a folder", Token);

        var fault = Assert.Single(await FaultsAsync($"--Swarm:Store:Path={file}"));

        Assert.Equal($"Swarm:Store: '{file}' is a file: give the store a folder of its own.", fault);
        Assert.Equal(fault, Assert.Single(await FaultsAsync($"--Swarm:Store:Path={file}/below/it")));
    }

    [Fact]
    public async Task Start_StoreIsOnAFileSystemWithoutFolders_SaysWhatToDo() => Assert.Equal(
        "Swarm:Store: Could not create the folder '/proc/nofolder': its file system takes no folders. Give the store a folder on a local disk.",
        Assert.Single(await FaultsAsync("--Swarm:Store:Path=/proc/nofolder")));

    [Theory]
    [InlineData("--Swarm:Store:Path=", "Swarm:Store:Path is empty")]
    [InlineData("--Swarm:Store:Path= /srv/swarm", "Swarm:Store:Path")]
    [InlineData("--Swarm:Store:Path=file:///srv/swarm", "'/srv/swarm'")]
    [InlineData("--Swarm:Store:ConnectionString=UseDevelopmentStorage=true", "Swarm:Store:Kind is 'file'")]
    [InlineData("--Swarm:Tiers:DiskTierPath=~/tier", "DiskTierPath")]
    public async Task Start_StoreSettingThatIsMeantAsSomethingElse_IsNamed(string setting, string expected) =>
        Assert.Contains(expected, Assert.Single(await FaultsAsync(setting)), StringComparison.Ordinal);

    [Fact]
    public async Task Start_StorePathHasOtherFiles_NamesThem()
    {
        Directory.CreateDirectory(_folder.Combine("photos"));
        await File.WriteAllTextAsync(_folder.Combine("photos/a.jpg"), "a photo", Token);

        var fault = Assert.Single(await FaultsAsync($"--Swarm:Store:Path={_folder.Combine("photos")}"));

        Assert.Contains("'a.jpg'", fault, StringComparison.Ordinal);
        Assert.Equal(["a.jpg"], Directory.GetFileSystemEntries(_folder.Combine("photos")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Start_DiskTierPathIsAFile_NamesTheTier()
    {
        var file = _folder.Combine("file");
        await File.WriteAllTextAsync(file, "not a folder", Token);

        var fault = Assert.Single(await FaultsAsync($"--Swarm:Tiers:DiskTierPath={file}"));

        Assert.StartsWith("Swarm:Tiers:", fault, StringComparison.Ordinal);
        Assert.Contains(file, fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AzureConnectionStringMalformed_NamesTheStoreAndHidesTheValue()
    {
        var fault = Assert.Single(await FaultsAsync(
            "--Swarm:Store:Kind=azure", "--Swarm:Store:ConnectionString=AccountName=a;AccountKey=very-secret"));

        Assert.StartsWith("Swarm:Store:ConnectionString: The Azure connection string is wrong: ", fault, StringComparison.Ordinal);
        Assert.Contains("was it cut off? A connection", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ArgumentMistyped_IsNamedWithoutItsValue()
    {
        var fault = Assert.Single(await FaultsAsync("-Swarm:Store:ConnectionString=AccountKey=very-secret"));

        Assert.Contains("'-Swarm:Store:ConnectionString' is unknown", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_TenantWithoutTokenOffLoopback_IsRefused()
    {
        var faults = await FaultsAsync("--Swarm:Endpoints:Listen=0.0.0.0", "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true");

        Assert.Contains("Swarm:Tenants:default has no token", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ConfigIsNoJson_NamesItAndTheLine()
    {
        var config = _folder.Combine("bad.json");
        await File.WriteAllTextAsync(config, "{ \"Swarm\": {\n\"Store\": {", TestContext.Current.CancellationToken);

        var fault = Assert.Single(await FaultsAsync("--config", config));

        Assert.StartsWith($"--config {config} is not JSON: line 2 cannot be read", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ConfigFileMissing_IsNamed()
    {
        var faults = await FaultsAsync("--config", _folder.Combine("none.json"));

        Assert.Equal($"--config '{_folder.Combine("none.json")}': there is no such file; name one that exists, or leave --config out.", Assert.Single(faults));
    }

    [Fact]
    public async Task Start_ConfigFile_IsReadAndArgumentsWin()
    {
        var config = _folder.Combine("swarm.json");
        await File.WriteAllTextAsync(
            config, """{ "Swarm": { "Cluster": { "ClusterId": "from-file", "ServiceId": "from-file" } } }""", Token);

        await using var host = await SwarmHost.StartAsync(
            TestSilo.Arguments(_folder.Combine("store"), "--config", config, "--Swarm:Cluster:ServiceId=from-args"), Token);

        Assert.Equal(("from-file", "from-args"), (host.Ready.ClusterId, host.Ready.ServiceId));
    }

    [Fact]
    public async Task Start_ReadyFile_HoldsTheAddresses()
    {
        var file = _folder.Combine("ready.json");

        await using var host = await SwarmHost.StartAsync(
            TestSilo.Arguments(_folder.Combine("store"), "--ready-file", file), Token);

        using var ready = JsonDocument.Parse(await File.ReadAllTextAsync(file, Token));
        Assert.Equal("ready", ready.RootElement.GetProperty("event").GetString());
        Assert.Equal(host.Ready.Gateway, ready.RootElement.GetProperty("gateway").GetString());
        Assert.Equal(host.Ready.DataPlane, ready.RootElement.GetProperty("dataPlane").GetString());
        Assert.Equal(Environment.ProcessId, ready.RootElement.GetProperty("processId").GetInt32());
    }

    [Theory]
    [InlineData("none/ready.json")]
    [InlineData("file/ready.json")]
    [InlineData("folder")]
    public async Task Start_ReadyFileCannotBeWritten_IsNamedBeforeAnythingStarts(string name)
    {
        await File.WriteAllTextAsync(_folder.Combine("file"), "", Token);
        Directory.CreateDirectory(_folder.Combine("folder"));
        var file = _folder.Combine(name);

        var fault = Assert.Single(await FaultsAsync("--ready-file", file));

        Assert.Contains($"--ready-file '{file}'", fault, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Combine("store")));
    }

    [Fact]
    public async Task Start_IsRefused_LeavesTheReadyFileOfTheProcessThatRuns()
    {
        var file = _folder.Combine("ready.json");
        await File.WriteAllTextAsync(file, "of another silo", Token);

        await FaultsAsync("--ready-file", file, "--Swarm:Store:Path=" + file);

        Assert.Equal("of another silo", await File.ReadAllTextAsync(file, Token));
    }

    [Fact]
    public async Task Start_TwoSilosOnOneStore_FormOneCluster()
    {
        var store = _folder.Combine("store");
        await using var first = await TestSilo.StartAsync(store, "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true");
        await using var second = await SwarmHost.StartAsync(
            TestSilo.Arguments(store, "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true"), Token);

        // Placement spreads the grains over both silos, once the first knows of the second; each tells its own data plane.
        var seen = new HashSet<string>();
        for (var i = 0; seen.Count < 2 && i < 1000; i++)
        {
            seen.Add((await first.Context($"spread-{i}").AcquireAsync(Requests.Acquire($"spread-{i}", "a"), Token)).Lease!.DataPlane);
        }

        Assert.Equal(new[] { first.Host.Ready.DataPlane, second.Ready.DataPlane }.Order(), seen.Order());
    }

    private async Task<IReadOnlyList<string>> FaultsAsync(params string[] more)
    {
        var exception = await Assert.ThrowsAsync<HostStartException>(
            () => SwarmHost.StartAsync(TestSilo.Arguments(_folder.Combine("store"), more), Token));
        return exception.Faults;
    }
}
