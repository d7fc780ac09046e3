using System.Text.Json.Nodes;
using Swarm.Storage.Blobs;
using Swarm.Tool.Cli;
using Swarm.Tool.Stores;
using Swarm.Tool.Verification;
using Xunit;

namespace Swarm.Tool.Tests.Support;

/// <summary>Runs the command as its process does, and the verification on stores that have no name.</summary>
internal static class SwarmCommand
{
    /// <summary>Runs a command line.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await new ToolCommand(output, error).InvokeAsync(arguments);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command line that writes JSON.</summary>
    public static async Task<(int Code, JsonObject Json)> JsonAsync(params string[] arguments)
    {
        var (code, output, error) = await RunAsync([.. arguments, "--json"]);
        Assert.True(error.Length == 0, error);
        return (code, JsonNode.Parse(output)!.AsObject());
    }

    /// <summary>Verifies a store, which any write to would end.</summary>
    public static Task<VerifyReport> VerifyAsync(IBlobStore store, bool isQuick = false, string? tenant = null) =>
        new StoreVerifier(new ReadOnlyBlobStore(store), "memory", TimeProvider.System, isQuick)
            .VerifyAsync(tenant, TestContext.Current.CancellationToken);
}
