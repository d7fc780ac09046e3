using System.CommandLine;
using DroneHandoff.Models;
using DroneHandoff.Options;
using DroneHandoff.Orchestration;
using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;
using Swarm.Storage.Files;

namespace DroneHandoff.Cli;

/// <summary>The command line: its options, their checks, and the messages for bad ones.</summary>
internal sealed class DemoCommand
{
    /// <summary>Exit code for an option that is wrong.</summary>
    public const int BadUsage = 2;

    /// <summary>Exit code for a demo that was interrupted, as shells have it.</summary>
    public const int Interrupted = 130;

    private const string DefaultRecording = "m2zoom.SRT";

    // Longer than it takes to end all processes.
    private static readonly TimeSpan _endTimeout = TimeSpan.FromSeconds(30);

    private readonly Option<string> _store = new("--store")
    {
        Description = "Where blobs are kept: file, azurite (started by the demo), or an Azure Storage connection string.",
        DefaultValueFactory = _ => "file",
    };

    private readonly Option<string> _handoff = new("--handoff")
    {
        Description = "How drone A leaves: planned (drone A releases its context to drone B, and stays alive) or crash (drone A is killed in mid-stream).",
        DefaultValueFactory = _ => "planned",
    };

    private readonly Option<bool> _loseSilo = new("--lose-silo")
    {
        Description = "Kill the silo too when drone A is gone, and start another one on the same blobs.",
    };

    private readonly Option<string> _positions = new("--positions")
    {
        Description = $"Positions after which drone A leaves, {DemoOptions.MinPositions} to {DemoOptions.MaxPositions}; "
            + "the end of the reading that reaches this number.",
        DefaultValueFactory = _ => "4096",
    };

    private readonly Option<string> _model = new("--model")
    {
        Description = "tiny or small (both have random weights: see --seed), a directory with config.json and safetensors, or a GGUF file, which llama.cpp computes.",
        DefaultValueFactory = _ => "tiny",
    };

    private readonly Option<string> _telemetry = new("--telemetry")
    {
        Description = "A DJI .SRT telemetry file, a PX4 log (.ulg), or udp://ADDRESS:PORT where a drone sends MAVLink. Default: "
            + $"{DefaultRecording}, which comes with the demo.",
    };

    private readonly Option<string> _json = new("--json")
    {
        Description = "File to write the report to, as JSON.",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<string> _seed = new("--seed")
    {
        Description = "Seed of the model's random weights and of the moment of a crash.",
        DefaultValueFactory = _ => "42",
    };

    /// <summary>Parses a command line and runs the demo.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="error">Where faults of the options go.</param>
    /// <param name="runAsync">The demo; gives the exit code.</param>
    /// <returns>The demo's exit code, 0 after help, or <see cref="BadUsage"/>.</returns>
    public async Task<int> InvokeAsync(
        IReadOnlyList<string> arguments, TextWriter error, Func<DemoOptions, CancellationToken, Task<int>> runAsync)
    {
        var root = new RootCommand(
            "Drone B goes on with drone A's memory: a predecessor streams its KV cache through Swarm while it works, "
            + "a successor takes it over, and every logit is compared with an uninterrupted twin's. "
            + "Exit code: 0 every promise held, 1 a promise was broken or a process failed, 2 wrong options, 130 interrupted.")
        {
            _store, _handoff, _loseSilo, _positions, _model, _telemetry, _json, _seed,
        };
        root.SetAction(async (result, cancellationToken) =>
        {
            var faults = new List<string>();
            if (Read(result, error, faults) is { } options)
            {
                try
                {
                    return await runAsync(options, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    error.WriteLine("Interrupted: the demo's processes were ended, and its folder was removed.");
                    return Interrupted;
                }
            }

            Report(faults, error);
            return BadUsage;
        });
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = _endTimeout });
        }

        Report(parsed.Errors.Select(fault => fault.Message), error);
        return BadUsage;
    }

    private static void Report(IEnumerable<string> faults, TextWriter error)
    {
        foreach (var fault in faults)
        {
            error.WriteLine(fault);
        }

        error.WriteLine("Try --help.");
    }

    // Now, not in the roles' processes, whose every failure comes after the silo's start.
    private static string CheckModel(string model, int positions, HandoffKind handoff, TextWriter error, List<string> faults)
    {
        if (model is not ("tiny" or "small") && !File.Exists(model) && !File.Exists(Path.Combine(model, "config.json")))
        {
            faults.Add(
                $"--model '{model}' {(Directory.Exists(model) ? "is a directory without a config.json" : "does not exist")}. "
                + "Give 'tiny', 'small', a directory with a config.json, or a GGUF file.");
            return model;
        }

        try
        {
            var (most, key, ignored) = DroneModel.Check(model);
            foreach (var item in ignored)
            {
                error.WriteLine($"--model '{model}' has something that is not known, and is not used: {item}");
            }

            if (positions is >= DemoOptions.MinPositions and <= DemoOptions.MaxPositions
                && RunLength.Needed(positions, handoff) is var needed && needed > most)
            {
                faults.Add(
                    $"--model '{model}' has {most} positions ({key}), and --positions {positions} with a "
                    + $"{handoff.ToString().ToLowerInvariant()} handoff needs {needed}; give "
                    + (RunLength.MostPositions(most, handoff) is { } fitting
                        ? $"--positions {fitting} or less, or a model with more."
                        : "a model with more."));
            }
        }
        catch (InvalidDataException fault)
        {
            faults.Add($"--model '{model}' cannot be used: {fault.Message}");
        }

        return model;
    }

    private static int CheckNumber(string name, string text, int min, int max, List<string> faults)
    {
        if (!int.TryParse(text, out var number) || number < min || number > max)
        {
            faults.Add($"{name} '{text}' is not a whole number from {min} to {max}.");
        }

        return number;
    }

    private static DemoSensor? ReadSensor(string text, List<string> faults)
    {
        try
        {
            if (!MavlinkEndpoint.IsMeant(text))
            {
                return new RecordedSensor(text, Flight.Load(text));
            }

            if (MavlinkEndpoint.TryParse(text, out var endpoint, out var fault))
            {
                endpoint.Bind().Dispose(); // Now, not after the store's start.
                return new LiveSensor(endpoint);
            }

            faults.Add($"--telemetry '{text}' cannot be used: {fault}.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"--telemetry '{text}' cannot be {(MavlinkEndpoint.IsMeant(text) ? "received" : "read")}: {fault.Message}");
        }
        catch (TelemetryFormatException fault)
        {
            faults.Add($"--telemetry '{text}' is malformed: {fault.Message}");
        }

        return null;
    }

    // Now, not after minutes of work: the report must have a place to go to.
    private static string CheckJson(string path, List<string> faults)
    {
        if (path.Length > 0)
        {
            try
            {
                using var _ = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
            {
                faults.Add($"--json '{path}' cannot be written: {fault.Message}");
            }
        }

        return path;
    }

    private DemoOptions? Read(ParseResult result, TextWriter error, List<string> faults)
    {
        var store = DemoStore.TryParse(result.GetValue(_store)!, out var storeFault);
        if (store is null)
        {
            faults.Add(storeFault);
        }
        else if (store.Kind == StoreKind.File && !FileBlobStore.IsSupported)
        {
            faults.Add($"--store file: {FileBlobStore.NotSupported}");
        }

        var handoff = HandoffKind.Planned;
        switch (result.GetValue(_handoff))
        {
            case "planned":
                break;
            case "crash":
                handoff = HandoffKind.Crash;
                break;
            case var other:
                faults.Add($"--handoff '{other}' is neither 'planned' nor 'crash'.");
                break;
        }

        var positions = CheckNumber(
            "--positions", result.GetValue(_positions)!, DemoOptions.MinPositions, DemoOptions.MaxPositions, faults);
        var model = CheckModel(result.GetValue(_model)!, positions, handoff, error, faults);
        var sensor = ReadSensor(result.GetValue(_telemetry) ?? Path.Combine(AppContext.BaseDirectory, "Data", DefaultRecording), faults);
        var seed = CheckNumber("--seed", result.GetValue(_seed)!, 0, int.MaxValue, faults);
        var json = CheckJson(result.GetValue(_json)!, faults);
        return faults.Count == 0 && store is not null && sensor is not null
            ? new DemoOptions(
                store, handoff, result.GetValue(_loseSilo), positions, model, sensor, json, seed)
            : null;
    }
}
