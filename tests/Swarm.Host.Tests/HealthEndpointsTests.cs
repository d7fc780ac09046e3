using System.Net;
using Swarm.Grains.Tests.Support;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>What an orchestrator asks.</summary>
public sealed class HealthEndpointsTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [Theory]
    [InlineData("/health/live", HttpStatusCode.OK, "\"live\"")]
    [InlineData("/health/ready", HttpStatusCode.OK, "\"ready\"")]
    [InlineData("/anything", HttpStatusCode.NotFound, "")]
    public async Task Get_RunningSilo_Answers(string path, HttpStatusCode status, string text)
    {
        var token = TestContext.Current.CancellationToken;
        using var http = new HttpClient();

        using var response = await http.GetAsync(new Uri(fixture.Silo.Host.Ready.Health + path), token);

        Assert.Equal(status, response.StatusCode);
        Assert.Contains(text, await response.Content.ReadAsStringAsync(token), StringComparison.Ordinal);
    }
}
