using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>The main job on blob storage.</summary>
public sealed class DroneHandoffOnAzuriteTests : DroneHandoffTests
{
    [Theory]
    [InlineData("planned")]
    [InlineData("crash")]
    [InlineData("crash", "--lose-silo")]
    public Task Handoff_InRealProcesses_KeepsEveryPromise(string kind, params string[] more) => HandOverAsync("azurite", kind, more);
}
