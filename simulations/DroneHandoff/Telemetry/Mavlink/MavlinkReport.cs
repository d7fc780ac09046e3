namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>What came of listening to a drone.</summary>
/// <param name="System">The system that was followed; <see langword="null"/> where no autopilot was heard.</param>
/// <param name="Component">Its autopilot.</param>
/// <param name="Counts">What was received.</param>
/// <param name="Last">The newest reading.</param>
internal sealed record MavlinkReport(byte? System, byte? Component, MavlinkCounts Counts, TelemetryReading? Last)
{
    /// <summary>Why there are no readings, in sentences with the remedy.</summary>
    /// <returns>What was received instead, and what is missing.</returns>
    public string Explain()
    {
        var missing = Counts switch
        {
            { Datagrams: 0 } => "Start the drone, or let it send to this address and port; its telemetry is waited for, never asked for.",
            { Packets: 0 } => "None of it is a packet of MAVLink 1 or 2 that is understood: check what sends to this port.",
            _ when System is null =>
                "No autopilot that is to be followed sent a HEARTBEAT: a ground station or a camera alone does not count, and ?system=N must be the drone's.",
            { Readings: 0 } => "The autopilot sent no GLOBAL_POSITION_INT: let it stream that message (PX4: the MAVLink mode 'Normal' or 'Onboard'; "
                + "ArduPilot: SRx_POSITION).",
            _ => "The drone went silent.",
        };
        return $"Received: {Counts.Describe()}. {missing}";
    }
}
