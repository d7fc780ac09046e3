namespace Swarm.Grains.Tests.Support;

/// <summary>A clock that shows another time of day, and runs its timers as the system does.</summary>
/// <param name="start">What it shows first.</param>
internal sealed class ShiftedClock(DateTimeOffset start) : TimeProvider
{
    private DateTimeOffset _now = start;

    /// <summary>Sets it forward, or back.</summary>
    public void Advance(TimeSpan by) => _now += by;

    public override DateTimeOffset GetUtcNow() => _now;
}
