using System.Diagnostics;
using System.Globalization;
using DroneHandoff.Processes;
using DroneHandoff.Roles;

namespace DroneHandoff.Tests.Processes;

/// <summary>Real processes: lines, logs, ends, and that nothing stays behind.</summary>
public sealed class ChildProcessTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_OfAProcess_ArriveAndItsLogIsKept()
    {
        using var folder = new RunFolder();
        await using var child = ChildProcess.Start(
            "echo", folder, "sh", ["-c", "read line; echo \"got $line\"; echo trouble >&2"]);

        await child.WriteLineAsync("hello", _cancellation);
        var lines = await child.Lines.ReadAllAsync(_cancellation).ToListAsync(_cancellation);

        Assert.Equal(["got hello"], lines);
        await child.DisposeAsync();
        Assert.Equal("trouble\n", await File.ReadAllTextAsync(child.LogPath, _cancellation));
    }

    [Fact]
    public async Task Start_NoSuchProgram_SaysSo()
    {
        using var folder = new RunFolder();

        var fault = Assert.Throws<DemoException>(() => ChildProcess.Start("x", folder, "no-such-program", []));

        Assert.Contains("no-such-program", fault.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task DisposeAsync_ChildThatReadsItsInput_EndsByItself()
    {
        using var folder = new RunFolder();
        var child = ChildProcess.Start("cat", folder, "cat", []);

        await child.DisposeAsync();

        Assert.Empty(await child.Lines.ReadAllAsync(_cancellation).ToListAsync(_cancellation));
    }

    [Fact]
    public async Task KillAsync_BusyChild_IsGone()
    {
        using var folder = new RunFolder();
        await using var child = ChildProcess.Start("sleep", folder, "sh", ["-c", "echo $$; exec sleep 600"]);
        var id = int.Parse(await child.Lines.ReadAsync(_cancellation), CultureInfo.InvariantCulture);

        await child.KillAsync(_cancellation);

        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
    }

    [Fact]
    public async Task Guard_ParentGone_EndsTheGuardedProcess()
    {
        using var folder = new RunFolder();
        var (command, arguments) = Executables.Self(
            RoleNames.Switch, RoleNames.Guard, "sh", "-c", "echo $$; exec sleep 600");
        var guard = ChildProcess.Start("guard", folder, command, arguments);
        var id = int.Parse(await guard.Lines.ReadAsync(_cancellation), CultureInfo.InvariantCulture);

        await guard.DisposeAsync(); // Closes its input, as the end of this process would.

        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
    }
}
