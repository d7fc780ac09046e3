using System.Diagnostics;

namespace DroneHandoff.Roles;

/// <summary>The loop whose steps are timed, the same with Swarm and without.</summary>
internal static class StepTimer
{
    /// <summary>Feeds readings up to a number, and times each step.</summary>
    /// <param name="feeder">Gives the readings.</param>
    /// <param name="stepper">The model.</param>
    /// <param name="readings">Readings since the flight's start at which to stop.</param>
    /// <returns>The time of each step, in milliseconds.</returns>
    public static async Task<double[]> AdvanceAsync(FlightFeeder feeder, IStepper stepper, long readings)
    {
        var times = new List<double>();
        while (feeder.NextReading < readings)
        {
            var start = Stopwatch.GetTimestamp();
            await feeder.FeedNextAsync(stepper);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return [.. times];
    }
}
