using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Options;

/// <summary>The value of <c>--telemetry</c>: where readings come from.</summary>
/// <param name="Name">Its name in reports.</param>
internal abstract record DemoSensor(string Name)
{
    /// <summary>What the user should know of it before the run, in sentences.</summary>
    public virtual IReadOnlyList<string> Warnings => [];
}

/// <summary>A recording.</summary>
/// <param name="Path">Path of its file.</param>
/// <param name="Flight">The recording, read whole.</param>
internal sealed record RecordedSensor(string Path, Flight Flight) : DemoSensor(Flight.Source)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => Flight.Warnings;
}

/// <summary>A drone that sends MAVLink.</summary>
/// <param name="Endpoint">Where to.</param>
internal sealed record LiveSensor(MavlinkEndpoint Endpoint) : DemoSensor(Endpoint.Text);
