namespace DroneHandoff.Messages;

/// <summary>What a role's process is told first, as one line of JSON on its standard input.</summary>
/// <param name="Model"><c>tiny</c>, <c>small</c>, or a model's directory.</param>
/// <param name="Seed">Seed of a preset's weights.</param>
/// <param name="MaxPositions">Positions that the cache is to hold, or as many as the model has.</param>
/// <param name="Telemetry">Path of the recording, or of the file in which a live flight is kept.</param>
/// <param name="Address">The silo, as <c>swarm://host:port</c>; empty for a role that needs none.</param>
/// <param name="DataPlane">The silo's data plane, as <c>host:port</c>: where an old session is replayed.</param>
/// <param name="Context">Name of the context.</param>
internal sealed record RoleSettings(
    string Model, int Seed, int MaxPositions, string Telemetry, string Address, string DataPlane, string Context);
