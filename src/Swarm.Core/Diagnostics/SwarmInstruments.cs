namespace Swarm;

/// <summary>Names under which Swarm measures and traces, for whoever collects it: <c>INSTRUMENTS.md</c> lists all that is under them.</summary>
/// <remarks>
/// With OpenTelemetry: <c>metrics.AddMeter([.. SwarmInstruments.Meters])</c> and <c>tracing.AddSource([.. SwarmInstruments.Sources])</c>.
/// </remarks>
public static class SwarmInstruments
{
    /// <summary>Meter of the chat client, <c>Swarm.Extensions.AI</c>.</summary>
    public const string Chat = "Swarm.Chat";

    /// <summary>Meter and activity source of the client.</summary>
    public const string Client = "Swarm.Client";

    /// <summary>Meter and activity source of the silo's end of the data plane.</summary>
    public const string DataPlane = "Swarm.DataPlane";

    /// <summary>Meter of the grains. Their spans are Orleans' own, <see cref="Orleans"/>.</summary>
    public const string Grains = "Swarm.Grains";

    /// <summary>Meter of the host's ports.</summary>
    public const string Host = "Swarm.Host";

    /// <summary>Activity source of Orleans, under which a grain call is a span: it carries the trace from agents to silos, and between silos.</summary>
    public const string Orleans = "Microsoft.Orleans.Application";

    /// <summary>Meter and activity source of the storage engine and of the calls of the blob store.</summary>
    public const string Storage = "Swarm.Storage";

    /// <summary>All meters.</summary>
    public static IReadOnlyList<string> Meters { get; } = [Chat, Client, DataPlane, Grains, Host, Storage];

    /// <summary>All activity sources. A trace breaks off at a grain call where <see cref="Orleans"/> is left out.</summary>
    public static IReadOnlyList<string> Sources { get; } = [Client, DataPlane, Storage, Orleans];
}
