using System.Net;
using Microsoft.Extensions.Configuration;
using Swarm.Host.Settings;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>Which address a silo tells the others, and which it refuses to.</summary>
public sealed class AddressesTests
{
    [Theory]
    [InlineData("127.0.0.1", "", true)]
    [InlineData("localhost", "", true)]
    [InlineData("::1", "", true)]
    [InlineData("::ffff:127.0.0.1", "", true)]
    [InlineData("127.9.9.9", "0.0.0.0", true)]
    [InlineData("10.0.0.5", "127.0.0.1", true)]
    [InlineData("10.0.0.5", "", false)]
    [InlineData("fd00::7", "", false)]
    [InlineData("10.0.0.5", "0.0.0.0", false)]
    public void StoreCluster_AddressThatOnlyThisMachineReaches_IsRefusedUnlessAllSilosAreHere(
        string address, string listen, bool isRefused)
    {
        var faults = Faults(address, listen, oneMachine: false);
        var here = Faults(address, listen, oneMachine: true);

        Assert.Empty(here);
        Assert.Equal(isRefused ? 1 : 0, faults.Count);
        Assert.All(faults, fault =>
        {
            Assert.Contains("Swarm:Endpoints:Address", fault, StringComparison.Ordinal);
            Assert.Contains("Swarm:Cluster:OneMachine", fault, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("fd00::7", "0.0.0.0", false)]
    [InlineData("fd00::7", "10.0.0.5", false)]
    [InlineData("10.0.0.5", "fd00::7", false)]
    [InlineData("fd00::7", "::", true)]
    [InlineData("10.0.0.5", "::", true)]
    [InlineData("::ffff:10.0.0.5", "0.0.0.0", true)]
    [InlineData("fd00::7", "fd00::7", true)]
    [InlineData("10.0.0.5", "10.0.0.9", true)]
    public void Address_OfAFamilyThatIsNotListenedOn_IsRefused(string address, string listen, bool isGood)
    {
        var faults = Faults(address, listen, oneMachine: false);

        Assert.Equal(isGood ? 0 : 1, faults.Count);
        Assert.All(faults, fault =>
        {
            Assert.Contains($"'{address}'", fault, StringComparison.Ordinal);
            Assert.Contains($"'{listen}'", fault, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("ff02::1")]
    [InlineData("no-such-host.invalid")]
    [InlineData(" ")]
    public void Address_ThatNamesNoHost_IsRefused(string address) =>
        Assert.Contains($"'{address}'", Assert.Single(Faults(address, "", oneMachine: false)), StringComparison.Ordinal);

    [Theory]
    [InlineData("10.0.0.5", "", "10.0.0.5", "10.0.0.5")]
    [InlineData("10.0.0.5 10.0.0.6 10.0.0.7", "", "10.0.0.6", "10.0.0.6")]
    [InlineData("10.0.0.5 10.0.0.6", "", "10.0.0.9", null)]
    [InlineData("10.0.0.5 10.0.0.6", "", "10.0.0.5 10.0.0.6", null)]
    [InlineData("10.0.0.5 10.0.0.6", "10.0.0.6", "10.0.0.5 10.0.0.6", "10.0.0.6")]
    [InlineData("fd00::7 10.0.0.5", "", "fd00::7 10.0.0.5", "10.0.0.5")]
    [InlineData("fd00::7 10.0.0.5", "", "fd00::7", "fd00::7")]
    [InlineData("fd00::7 10.0.0.5", "fd00::7", "fd00::7 10.0.0.5", "fd00::7")]
    [InlineData("fd00::7 10.0.0.5", "0.0.0.0", "10.0.0.9", "10.0.0.5")]
    [InlineData("::1 127.0.0.1", "", "10.0.0.9", "127.0.0.1")]
    [InlineData("127.0.1.1 10.0.0.5", "", "10.0.0.5", "10.0.0.5")]
    public void Choose_OfSeveral_TakesThisMachinesOrNone(string named, string listen, string local, string? expected)
    {
        var chosen = Addresses.Choose(Parse(named), Parse(local).ToHashSet(), listen.Length == 0 ? null : IPAddress.Parse(listen));
        var reversed = Addresses.Choose([.. Parse(named).Reverse()], Parse(local).ToHashSet(), listen.Length == 0 ? null : IPAddress.Parse(listen));

        Assert.Equal(expected, chosen?.ToString());
        Assert.Equal(expected, reversed?.ToString());
    }

    private static IPAddress[] Parse(string list) => [.. list.Split(' ').Select(IPAddress.Parse)];

    private static List<string> Faults(string address, string listen, bool oneMachine)
    {
        List<string> faults = [];
        SettingsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Swarm:Endpoints:Address"] = address,
                ["Swarm:Endpoints:Listen"] = listen,
                ["Swarm:Cluster:Kind"] = "store",
                ["Swarm:Cluster:OneMachine"] = $"{oneMachine}",
                ["Swarm:Tenants:acme"] = new string('a', 64),
            }).Build(),
            faults);
        return faults;
    }
}
