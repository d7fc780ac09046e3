using Swarm.Testing;
using Swarm.Tool.Cli;
using Swarm.Tool.Reports;
using Swarm.Tool.Tests.Support;
using Swarm.Tool.Verification;
using Xunit;

namespace Swarm.Tool.Tests.Cli;

/// <summary>Exit codes and messages: what is wrong, and what to do.</summary>
public sealed class ToolCommandTests
{
    [Fact]
    public async Task Verify_FolderThatIsNoStore_FailsAndMakesNothing()
    {
        using var folder = new TempDirectory();

        var (code, output, error) = await SwarmCommand.RunAsync("verify", "--store", folder.Path);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("is no store", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Verify_StoreOfSomethingElse_Fails()
    {
        using var folder = new TempDirectory();
        var blobs = new MemoryBlobStore();
        blobs.Add("other/things", [1, 2, 3]);
        await StoreFolder.WriteAsync(blobs, folder.Path);

        var (code, _, error) = await SwarmCommand.RunAsync("verify", "--store", folder.Path);

        Assert.Equal(2, code);
        Assert.Contains("nothing of Swarm's", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify", "--store", "AccountName=x;AccountKey=secret!")]
    [InlineData("verify", "--store", "accountname=x;accountkey=secret!")]
    [InlineData("verify", "--store", "\"AcountName=x;AcountKey=secret!;EndpointSuffix=y\"")]
    [InlineData("verify", "--store", "https://x.blob.core.windows.net/c?sv=1&sig=secret!")]
    [InlineData("verify", "--store", "file:///srv/swarm")]
    [InlineData("verify", "--store", "UseDevelopmentStorage=true", "--container", "NO")]
    [InlineData("verify", "--store", "/", "--depth", "3")]
    [InlineData("inspect", "segment", "--store", "/")]
    public async Task Command_BadUsage_SaysWhatIsWrongAndNoSecret(params string[] arguments)
    {
        var (code, output, error) = await SwarmCommand.RunAsync(arguments);

        Assert.Equal((2, ""), (code, output));
        Assert.NotEmpty(error);
        Assert.DoesNotContain("secret!", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("inspect", "contexts")]
    [InlineData("inspect", "context", "t/c")]
    public async Task Command_ContainerOfAFolder_IsRefusedByName(params string[] command)
    {
        using var folder = new TempDirectory();

        var (code, _, error) = await SwarmCommand.RunAsync([.. command, "--store", folder.Path, "--container", "other"]);

        Assert.Equal(2, code);
        Assert.Contains("--container 'other' belongs to an Azure store", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_Version_IsTheTools()
    {
        var (code, silo, error) = await SwarmCommand.RunAsync("silo", "--version");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal((await SwarmCommand.RunAsync("--version")).Output, silo);
        Assert.NotEmpty(silo);
    }

    [Fact]
    public void VerifyText_Sums_HaveSeparatorsAndTheRightForm()
    {
        var counts = new VerifyCounts { Contexts = 1, Tokens = 1200, Models = 1, Tenants = 2, Indexes = 2, KvBytes = 79024 };
        var text = new StringWriter();

        VerifyText.Write(new VerifyReport("/s", null, true, false, counts, [], [new OrphanCount("chunks", 1, 79024)], [], 1), text);

        Assert.Contains("Looked at 1 context with 1,200 positions, 0 pages", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("2 log indexes, 0 chunks, 0 seals, 2 tenants, 1 model; 79,024 bytes of KV", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("Orphans: 1 chunk, 79,024 bytes", text.ToString(), StringComparison.Ordinal);
    }

    // 1 stands for damage: what a script does then is not right for a full disk or a closed pipe.
    [Fact]
    public async Task Verify_ReportThatCannotBeWritten_FailsAndIsNotTakenForDamage()
    {
        using var folder = new TempDirectory();
        var blobs = new MemoryBlobStore();
        await using (var store = Writing.Open(blobs))
        {
            await (await Writing.StartAsync(store, "t", "c")).DisposeAsync();
        }

        await StoreFolder.WriteAsync(blobs, folder.Path);
        var (output, error) = (new StringWriter(), new StringWriter());
        await output.DisposeAsync();

        var code = await new ToolCommand(output, error).InvokeAsync(["verify", "--store", folder.Path]);

        Assert.Equal(2, code);
        Assert.Contains("Unexpected error", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_TenantThatIsNotThere_Fails()
    {
        using var folder = new TempDirectory();
        var blobs = new MemoryBlobStore();
        await using (var store = Writing.Open(blobs))
        {
            await (await Writing.StartAsync(store, "t", "c")).DisposeAsync();
        }

        await StoreFolder.WriteAsync(blobs, folder.Path);

        Assert.Equal(0, (await SwarmCommand.RunAsync("verify", "--store", folder.Path, "--tenant", "t")).Code);
        Assert.Equal(2, (await SwarmCommand.RunAsync("verify", "--store", folder.Path, "--tenant", "u")).Code);
        Assert.Equal(2, (await SwarmCommand.RunAsync("verify", "--store", folder.Path, "--tenant", "NO!")).Code);
    }
}
