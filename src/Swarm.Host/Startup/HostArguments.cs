using Swarm.Host.Settings;

namespace Swarm.Host.Startup;

/// <summary>The command line, taken apart.</summary>
internal sealed class HostArguments
{
    /// <summary>What <c>--help</c> prints.</summary>
    public static string Help => $"""
        Runs one silo: swarm silo [arguments], or Swarm.Host [arguments].

          --config FILE            settings from a JSON file
          --Section:Name=VALUE     one setting, such as --Swarm:Store:Path=/var/lib/swarm
          --ready-json             print one line of JSON to standard output when everything listens
          --ready-file FILE        write that line to a file as well
          --help                   this text

        Arguments win over environment variables (Swarm__Store__Path), and these over the file. Sizes: 65536, 64KiB,
        1.5GiB (powers of 1024), 100MB (powers of 1000). Times: 500ms, 2s, 5m, 1h, 1d or hh:mm:ss. Logs go to standard
        error. SIGTERM, SIGINT, SIGQUIT and SIGHUP (a terminal that closes) drain and close the contexts, then the silo ends.
        Several silos on one store: --Swarm:Cluster:Kind=store, with an address that the others reach. A silo that was
        declared dead ends by itself: run it under a supervisor.

        {SettingsHelp.Write()}
        """;

    /// <summary>Settings of the command line.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The settings file, or <see langword="null"/>.</summary>
    public string? ConfigFile { get; private set; }

    /// <summary>Where the ready line goes, or <see langword="null"/>.</summary>
    public string? ReadyFile { get; private set; }

    /// <summary>Whether the ready line goes to standard output.</summary>
    public bool PrintsReady { get; private set; }

    /// <summary>Takes a command line apart.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="faults">Receives one sentence for each fault.</param>
    /// <returns>What was understood.</returns>
    public static HostArguments Parse(IReadOnlyList<string> args, List<string> faults)
    {
        var parsed = new HostArguments();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, inline) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            switch (name)
            {
                case "--ready-json":
                    parsed.PrintsReady = true;
                    break;
                case "--config":
                    parsed.ConfigFile = Value();
                    break;
                case "--ready-file":
                    parsed.ReadyFile = Value();
                    break;
                case ['-', '-', ..] when name.Contains(':', StringComparison.Ordinal):
                    parsed.Settings[name[2..]] = Value();
                    break;
                default:
                    faults.Add($"Argument '{name}' is unknown; see --help."); // Its value may be a secret.
                    break;
            }

            string? Value()
            {
                if (inline is not null)
                {
                    return inline;
                }

                if (i + 1 < args.Count)
                {
                    return args[++i];
                }

                faults.Add($"Argument '{name}' needs a value; see --help.");
                return null;
            }
        }

        return parsed;
    }
}
