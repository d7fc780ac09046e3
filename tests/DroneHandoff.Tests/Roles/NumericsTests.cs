using DroneHandoff.Messages;
using DroneHandoff.Processes;
using DroneHandoff.Roles;

namespace DroneHandoff.Tests.Roles;

/// <summary>Processes with as many threads compute the same bits, and say that they do; others say that they do not.</summary>
public sealed class NumericsTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twins_WithOneThreadAndWithTwo_TellThatTheyDiffer()
    {
        using var folder = new RunFolder();

        var twins = await Task.WhenAll(RunAsync(folder, "a", 1), RunAsync(folder, "b", 1), RunAsync(folder, "c", 2));

        Assert.Contains("; threads 1; ", twins[0].Numerics, StringComparison.Ordinal);
        Assert.Equal(twins[0].Numerics, twins[1].Numerics);
        Assert.Equal(twins[0].Logits, twins[1].Logits);
        Assert.Equal(twins[0].Numerics.Replace("; threads 1; ", "; threads 2; ", StringComparison.Ordinal), twins[2].Numerics);
    }

    private async Task<(string Numerics, string Logits)> RunAsync(RunFolder folder, string name, int processors)
    {
        var (command, arguments) = Executables.Self(RoleNames.Switch, RoleNames.Twin);
        await using var child = ChildProcess.Start(
            name, folder, "env", [$"DOTNET_PROCESSOR_COUNT={processors}", command, .. arguments]);
        var settings = new RoleSettings("tiny", 42, 512, Path.Combine(Recordings.Folder, "p4_rtk.SRT"), "", "", "");
        await child.WriteLineAsync(MessageJson.ToLine(settings), _cancellation);
        var ready = Assert.IsType<ReadyEvent>(MessageJson.FromLine<RoleEvent>(await child.Lines.ReadAsync(_cancellation)));
        await child.WriteLineAsync(MessageJson.ToLine<RoleCommand>(new AdvanceCommand(20)), _cancellation);
        await child.Lines.ReadAsync(_cancellation);
        await child.WriteLineAsync(MessageJson.ToLine<RoleCommand>(new ContinueCommand()), _cancellation);
        var continued = Assert.IsType<ContinuedEvent>(MessageJson.FromLine<RoleEvent>(await child.Lines.ReadAsync(_cancellation)));
        return (ready.Numerics, continued.LogitsSha256);
    }
}
