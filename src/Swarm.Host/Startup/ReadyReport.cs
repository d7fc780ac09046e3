namespace Swarm.Host.Startup;

/// <summary>Where a running silo is reached: what <c>--ready-json</c> prints as one line.</summary>
/// <param name="Event">Always <c>ready</c>.</param>
/// <param name="ProcessId">Id of the process.</param>
/// <param name="Gateway">For grain calls of clients, <c>host:port</c>.</param>
/// <param name="DataPlane">The data plane, <c>host:port</c>.</param>
/// <param name="Health">Base address of the health endpoints.</param>
/// <param name="Silo">For other silos, <c>host:port</c>.</param>
/// <param name="ClusterId">What a client must name.</param>
/// <param name="ServiceId">What a client must name.</param>
public sealed record ReadyReport(
    string Event,
    int ProcessId,
    string Gateway,
    string DataPlane,
    string Health,
    string Silo,
    string ClusterId,
    string ServiceId);
