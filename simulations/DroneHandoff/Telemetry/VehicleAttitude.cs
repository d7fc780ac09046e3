namespace DroneHandoff.Telemetry;

/// <summary>How a vehicle lies in the air: Tait-Bryan angles against north, east and down.</summary>
/// <param name="RollRadians">Right wing down is positive.</param>
/// <param name="PitchRadians">Nose up is positive.</param>
/// <param name="YawRadians">Clockwise from north.</param>
public readonly record struct VehicleAttitude(double RollRadians, double PitchRadians, double YawRadians);
