using System.Diagnostics;
using System.Globalization;
using Swarm.Azurite;

namespace Swarm.Testing;

/// <summary>
/// A drone that sends MAVLink, as the npm package <c>node-mavlink</c> writes it: <c>tests/DroneHandoff.MavlinkSender</c> as a process. It ends
/// with this process.
/// </summary>
public sealed class MavlinkSender : IAsyncDisposable
{
    private const string Program = "sender.mjs";

    private readonly Process _process;

    private MavlinkSender(Process process) => _process = process;

    /// <summary>Starts one, and installs its packages where they are missing.</summary>
    /// <param name="port">The UDP port of the loopback interface that it sends to.</param>
    /// <param name="seed">The same seed sends the same bytes.</param>
    /// <param name="messages">Messages of the drone, those that are lost among them.</param>
    /// <param name="rate">Messages a second; 0 for a batch after each <see cref="GoOnAsync"/>.</param>
    /// <param name="isQuiet">Whether it tells nothing.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static Task<MavlinkSender> StartAsync(
        int port, int seed, int messages, int rate, bool isQuiet = false, CancellationToken cancellationToken = default) =>
        StartAsync(
            ["--port", Text(port), "--seed", Text(seed), "--messages", Text(messages), "--rate", Text(rate), .. isQuiet ? ["--quiet"] : Array.Empty<string>()],
            cancellationToken);

    /// <summary>What <c>node-mavlink</c> says of the messages that are sent: a JSON array.</summary>
    public static async Task<string> ReadDefinitionsAsync(CancellationToken cancellationToken)
    {
        await using var sender = await StartAsync(["--definitions"], cancellationToken);
        return await sender.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The sender told nothing.");
    }

    /// <summary>What it tells next: a line of JSON; <see langword="null"/> at its end.</summary>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken);

    /// <summary>Lets it send the next batch.</summary>
    public async Task GoOnAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }

    private static async Task<MavlinkSender> StartAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var folder = NodePackage.Find("tests/DroneHandoff.MavlinkSender", Program);
        await NodePackage.EnsureAsync(folder, "node-mavlink", cancellationToken);
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("node", [Program, .. arguments])
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            },
        };
        NodePackage.Start(process);
        return new MavlinkSender(process);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
