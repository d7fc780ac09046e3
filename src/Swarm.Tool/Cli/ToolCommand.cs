using System.CommandLine;
using Swarm.Host;
using Swarm.Storage.Blobs;
using Swarm.Tool.Inspection;
using Swarm.Tool.Reports;
using Swarm.Tool.Stores;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Cli;

/// <summary>The command line of <c>swarm</c>.</summary>
/// <remarks>
/// A silo has arguments and signals of its own, so what stands behind <see cref="SiloName"/> is given to it as it is.
/// </remarks>
/// <param name="output">Where reports go.</param>
/// <param name="error">Where faults of options and of the store go.</param>
internal sealed class ToolCommand(TextWriter output, TextWriter error)
{
    private const string SiloName = "silo";
    private const string VersionOption = "--version";
    private const string DefaultContainer = "swarm";
    private const string ExitCodeHelp = "Exit code: 0 clean, 1 damage, 2 wrong options, no such store, or a failure.";

    private readonly Option<string> _store = new("--store")
    {
        Description = "Folder of a file store, or an Azure Storage connection string.",
        Required = true,
    };

    private readonly Option<string> _container = new("--container")
    {
        Description = $"Container of an Azure store; of no other. Default: {DefaultContainer}.",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON instead of text." };

    private readonly Option<string> _tenant = new("--tenant")
    {
        Description = "Verify the contexts of this tenant alone.",
    };

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "Do not read KV payload; only see that it is there.",
    };

    /// <summary>Parses a command line and carries it out.</summary>
    /// <param name="arguments">The command line.</param>
    /// <returns>One of <see cref="ExitCodes"/>; of a silo, as <see cref="SwarmHost.RunProcessAsync"/> says.</returns>
    public async Task<int> InvokeAsync(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments is [SiloName, VersionOption])
        {
            arguments = [VersionOption]; // The silo is this executable.
        }

        if (arguments is [SiloName, ..])
        {
            return await SwarmHost.RunProcessAsync([.. arguments.Skip(1)]);
        }

        var root = new RootCommand("Runs a Swarm silo, or inspects a store. Inspection is read-only and safe beside a running cluster.")
        {
            new Command(SiloName, "Runs a silo until it is told to end. Its arguments: swarm silo --help."), VerifyCommand(), InspectCommand(),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        }

        foreach (var fault in parsed.Errors)
        {
            await error.WriteLineAsync(fault.Message);
        }

        await error.WriteLineAsync("Try --help.");
        return ExitCodes.Failed;
    }

    private Command VerifyCommand()
    {
        var command = new Command("verify", $"Says what is damaged and what it costs. {ExitCodeHelp}")
        {
            _store, _container, _json, _tenant, _quick,
        };
        command.SetAction((parsed, cancellationToken) => GuardAsync(parsed, async store =>
        {
            var tenant = parsed.GetValue(_tenant);
            if (tenant is not null)
            {
                Names.RequireTenant(tenant);
            }

            var verifier = new StoreVerifier(store.Blobs, store.Place, TimeProvider.System, parsed.GetValue(_quick));
            var report = await verifier.VerifyAsync(tenant, cancellationToken);
            if (parsed.GetValue(_json))
            {
                ReportJson.Write(report, output);
            }
            else
            {
                VerifyText.Write(report, output);
            }

            return report.IsClean ? ExitCodes.Clean : ExitCodes.Damaged;
        }));
        return command;
    }

    private Command InspectCommand() => new("inspect", $"Shows an object as it is, damaged or not. {ExitCodeHelp}")
    {
        Inspect("contexts", "All contexts as opening would find them, their logs folded in.", (inspector, token) => inspector.ContextsAsync(token)),
        Inspect("context", "A context as opening would find it.", "<tenant>/<name>, such as default/track/vehicle-17.", (inspector, name) => inspector.ContextAsync(name)),
        Inspect("root", "A root.", "Its object's name: contexts/<tenant id>/<context id>, as 'inspect context' shows it.", (inspector, name) => inspector.RootAsync(name)),
        Inspect("segment", "A segment or seal.", "Its object's name: log/<writer id>/<number, 16 hexadecimal digits>.", (inspector, name) => inspector.SegmentAsync(name)),
        Inspect("page", "A page of a manifest.", "Its object's name: pages/<tenant id>/<context id>/<open id>/<page id>.", (inspector, name) => inspector.PageAsync(name)),
        Inspect("index", "An index of a log.", "Its object's name: logindex/<writer id>/<first segment, 16 hexadecimal digits>.", (inspector, name) => inspector.IndexAsync(name)),
        Inspect("log", "A writer's log.", "The writer's id, 32 hexadecimal digits.", (inspector, name) => inspector.LogAsync(name)),
    };

    private Command Inspect(string name, string description, Func<Inspector, CancellationToken, Task<InspectView>> inspect)
    {
        var command = new Command(name, description) { _store, _container, _json };
        command.SetAction((parsed, cancellationToken) => GuardAsync(
            parsed, async store => Show(parsed, await inspect(new Inspector(store.Blobs, TimeProvider.System), cancellationToken))));
        return command;
    }

    private Command Inspect(string name, string description, string what, Func<Inspector, string, Task<InspectView>> inspect)
    {
        var argument = new Argument<string>(name) { Description = what };
        var command = new Command(name, description) { argument, _store, _container, _json };
        command.SetAction((parsed, _) => GuardAsync(
            parsed,
            async store => Show(
                parsed, await inspect(new Inspector(store.Blobs, TimeProvider.System), parsed.GetValue(argument)!))));
        return command;
    }

    private int Show(ParseResult parsed, InspectView view)
    {
        if (parsed.GetValue(_json))
        {
            ReportJson.Write(view.Content, output);
        }
        else
        {
            InspectText.Write(view.Content, output, TextConsole.WidthOf(output));
        }

        return view.IsSound ? ExitCodes.Clean : ExitCodes.Damaged;
    }

    private async Task<int> GuardAsync(ParseResult parsed, Func<StoreChoice, Task<int>> work)
    {
        try
        {
            using var store = StoreChoice.Open(parsed.GetValue(_store)!, parsed.GetValue(_container), DefaultContainer);
            return await work(store);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Cancelled before the end: what was not read yet is not known.");
            return ExitCodes.Failed;
        }
        catch (Exception fault) when (fault is ToolException or BlobStoreException or ArgumentException or PlatformNotSupportedException)
        {
            await error.WriteLineAsync(fault.Message);
            return ExitCodes.Failed;
        }
        catch (Exception fault)
        {
            await error.WriteLineAsync($"Unexpected error: {fault}");
            return ExitCodes.Failed; // Not 1, which System.CommandLine would give: that stands for damage.
        }
    }
}
