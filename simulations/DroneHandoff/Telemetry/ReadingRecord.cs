using System.Buffers.Binary;

namespace DroneHandoff.Telemetry;

/// <summary>A reading in the file in which a live flight is kept for the time of a run: records of one size, one behind the other.</summary>
/// <remarks>Words of 8 bytes, little-endian: the time in ticks, then numbers, NaN where there is none. A reading comes back in every bit.</remarks>
internal static class ReadingRecord
{
    /// <summary>Bytes of a record.</summary>
    public const int SizeBytes = (1 + Numbers) * sizeof(long);

    private const int Numbers = 13;

    /// <summary>Writes a reading.</summary>
    /// <param name="reading">The reading; its number is its place in the file.</param>
    /// <param name="destination"><see cref="SizeBytes"/> bytes.</param>
    public static void Write(in TelemetryReading reading, Span<byte> destination)
    {
        ReadOnlySpan<double?> numbers =
        [
            reading.Position?.Latitude, reading.Position?.Longitude, reading.HeightMetres, reading.HorizontalSpeed, reading.VerticalSpeed,
            reading.HomeHeightMetres, reading.HeadingDegrees, reading.AirSpeed, reading.Attitude?.RollRadians, reading.Attitude?.PitchRadians,
            reading.Attitude?.YawRadians, reading.BatteryPercent, reading.BatteryVolts,
        ];
        BinaryPrimitives.WriteInt64LittleEndian(destination, reading.Elapsed.Ticks);
        for (var index = 0; index < numbers.Length; index++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(destination[((1 + index) * sizeof(long))..], numbers[index] ?? double.NaN);
        }
    }

    /// <summary>Reads a reading.</summary>
    /// <param name="source"><see cref="SizeBytes"/> bytes.</param>
    /// <param name="index">Its number: its place in the file.</param>
    /// <returns>The reading.</returns>
    public static TelemetryReading Read(ReadOnlySpan<byte> source, long index)
    {
        var numbers = new double?[Numbers];
        for (var number = 0; number < Numbers; number++)
        {
            var value = BinaryPrimitives.ReadDoubleLittleEndian(source[((1 + number) * sizeof(long))..]);
            numbers[number] = double.IsNaN(value) ? null : value;
        }

        return new TelemetryReading(
            index,
            new TimeSpan(BinaryPrimitives.ReadInt64LittleEndian(source)),
            numbers is [{ } latitude, { } longitude, ..] ? new GeoPosition(latitude, longitude) : null,
            numbers[2],
            numbers[3],
            numbers[4])
        {
            HomeHeightMetres = numbers[5],
            HeadingDegrees = numbers[6],
            AirSpeed = numbers[7],
            Attitude = numbers is [_, _, _, _, _, _, _, _, { } roll, { } pitch, { } yaw, ..] ? new VehicleAttitude(roll, pitch, yaw) : null,
            BatteryPercent = (int?)numbers[11],
            BatteryVolts = numbers[12],
        };
    }
}
