using DroneHandoff.Options;
using DroneHandoff.Outcome;
using DroneHandoff.Processes;
using DroneHandoff.Reports;
using Spectre.Console;
using Swarm.Azurite;
using Swarm.Storage.Blobs;

namespace DroneHandoff.Orchestration;

/// <summary>The whole demo: its store, its silo, the play, and the reports.</summary>
internal static class Demo
{
    /// <summary>Exit code when a promise was broken or a process failed.</summary>
    private const int Failed = 1;

    private const int RedirectedWidth = 400;

    /// <summary>Runs the demo.</summary>
    /// <param name="options">What the user asked for.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>0 when every promise held, else 1.</returns>
    /// <exception cref="OperationCanceledException">It was ended early; its processes have ended.</exception>
    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = RedirectedWidth; // A file has no edge at which a line must break.
        }

        var progress = new ProgressLog(console);
        foreach (var warning in options.Sensor.Warnings)
        {
            progress.Warn(warning);
        }

        using var folder = new RunFolder();
        try
        {
            var result = await PlayAsync(options, folder, progress, cancellationToken);
            var promises = Promises.Judge(options.Handoff, result);
            TableReport.Write(console, options, result, promises);
            if (options.JsonPath.Length > 0)
            {
                await File.WriteAllTextAsync(
                    options.JsonPath, JsonReport.Render(options, result) + "\n", cancellationToken);
            }

            folder.IsKept = !promises.All(promise => promise.IsKept);
        }
        catch (Exception fault) when (cancellationToken.IsCancellationRequested)
        {
            // A process that is ended too may fail before the cancellation is seen.
            throw new OperationCanceledException("The demo was interrupted.", fault, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // What is not one of the run's own faults is shown whole.
            folder.IsKept = true;
            var text = fault is DemoException or BlobStoreException ? fault.Message : fault.ToString();
            console.MarkupLineInterpolated($"[red]{text}[/]");
        }

        if (folder.IsKept)
        {
            console.MarkupLineInterpolated($"Logs and blobs are kept in {folder.Path}");
        }

        return folder.IsKept ? Failed : 0;
    }

    private static async Task<HandoffResult> PlayAsync(
        DemoOptions options, RunFolder folder, ProgressLog progress, CancellationToken cancellationToken)
    {
        await using var sensor = await StartSensorAsync(options.Sensor, folder, progress, cancellationToken);
        await using var azurite = options.Store.Kind == StoreKind.Azurite
            ? await StartAzuriteAsync(folder, progress, cancellationToken)
            : null;
        progress.Say($"a silo starts on the {options.Store} store");
        await using var silo = await SiloProcess.StartAsync(
            SiloStore.Settings(options.Store, azurite?.ConnectionString, folder), folder, cancellationToken);
        var result = await new HandoffRun(options, folder, silo, sensor, progress).RunAsync(cancellationToken);
        return result with { Mavlink = sensor.Report };
    }

    // First of all: what does not send is found out before anything else starts.
    private static async Task<SensorFeed> StartSensorAsync(
        DemoSensor options, RunFolder folder, ProgressLog progress, CancellationToken cancellationToken)
    {
        var sensor = SensorFeed.Start(options, folder);
        try
        {
            if (options is LiveSensor)
            {
                progress.Say($"waiting for a drone at {options.Name}");
                await sensor.WaitForAsync(1, cancellationToken);
                progress.Say($"system {sensor.Report!.System} is followed");
            }

            return sensor;
        }
        catch
        {
            await sensor.DisposeAsync();
            throw;
        }
    }

    private static Task<AzuriteProcess> StartAzuriteAsync(
        RunFolder folder, ProgressLog progress, CancellationToken cancellationToken)
    {
        progress.Say("Azurite starts");
        return AzuriteProcess.StartAsync(folder.Combine("azurite"), cancellationToken: cancellationToken);
    }
}
