namespace DroneHandoff.Telemetry;

/// <summary>A drone's readings by their number, the same ones for whoever asks: recorded, or still coming in.</summary>
internal interface IFlight
{
    /// <summary>Waits until a reading is there.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <returns>A task that ends when <see cref="ReadingAt"/> has it.</returns>
    ValueTask WaitForAsync(long index);

    /// <summary>A reading.</summary>
    /// <param name="index">Its number, from 0.</param>
    /// <returns>The reading.</returns>
    /// <exception cref="InvalidOperationException">It is not there yet.</exception>
    TelemetryReading ReadingAt(long index);
}
