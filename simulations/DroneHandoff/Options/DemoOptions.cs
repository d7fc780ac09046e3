namespace DroneHandoff.Options;

/// <summary>What the user asked for, checked.</summary>
/// <param name="Store">Where blobs are kept.</param>
/// <param name="Handoff">How the predecessor leaves.</param>
/// <param name="LosesSilo">Whether the silo is killed and started anew, with nothing but the blobs, before each successor.</param>
/// <param name="Positions">Positions after which it leaves: the end of the reading that reaches this number.</param>
/// <param name="Model"><c>tiny</c>, <c>small</c>, a model's directory, or a GGUF file.</param>
/// <param name="Sensor">Where readings come from.</param>
/// <param name="JsonPath">Where the report goes, or empty.</param>
/// <param name="Seed">Seed of the weights and of the moment of a crash.</param>
internal sealed record DemoOptions(
    DemoStore Store,
    HandoffKind Handoff,
    bool LosesSilo,
    int Positions,
    string Model,
    DemoSensor Sensor,
    string JsonPath,
    int Seed)
{
    /// <summary>Fewest positions of a run.</summary>
    public const int MinPositions = 64;

    /// <summary>Most positions of a run.</summary>
    public const int MaxPositions = 1 << 18;
}
