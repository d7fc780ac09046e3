using Microsoft.Extensions.Logging;

namespace Swarm.Clustering.Membership;

/// <summary>When other silos were last alive, by this silo's clock, whatever theirs said. Thread-safe.</summary>
/// <remarks>
/// Orleans compares the times in the table with its own clock. A silo whose clock was ahead when it died would seem to be alive until that
/// time has come, and one whose clock is behind would seem to be silent. What is certain is when a time was seen to have changed: between
/// two reads of the table.
/// </remarks>
/// <param name="timeProvider">This silo's clock.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class MembershipClock(TimeProvider timeProvider, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Sight> _seen = new(StringComparer.Ordinal);

    /// <summary>Difference from which a clock is called wrong.</summary>
    public static TimeSpan Tolerance => TimeSpan.FromSeconds(5);

    /// <summary>The table with its times as this silo's clock would have written them.</summary>
    /// <param name="table">The table as it was just read.</param>
    /// <returns>The same where all clocks agree.</returns>
    public MembershipDocument ToLocal(MembershipDocument table)
    {
        lock (_lock)
        {
            var now = timeProvider.GetUtcNow().UtcDateTime;
            foreach (var gone in _seen.Keys.Except(table.Silos.Select(row => row.Address)).ToArray())
            {
                _seen.Remove(gone);
            }

            return table with { Silos = [.. table.Silos.Select(row => ToLocal(row, now))] };
        }
    }

    /// <summary>A row that Orleans changed, with its times as the row's silo wrote them.</summary>
    /// <param name="changed">The row with the times that <see cref="ToLocal(MembershipDocument)"/> told, or new ones.</param>
    /// <param name="stored">The row as it is.</param>
    /// <returns>The row to store.</returns>
    public MembershipRow ToStored(MembershipRow changed, MembershipRow stored)
    {
        lock (_lock)
        {
            var isOld = _seen.TryGetValue(changed.Address, out var sight) && sight.Told == changed.IAmAliveTime;
            return changed with
            {
                StartTime = stored.StartTime,
                IAmAliveTime = isOld ? stored.IAmAliveTime : changed.IAmAliveTime,
            };
        }
    }

    private static DateTime Earlier(DateTime one, DateTime other) => one < other ? one : other;

    private MembershipRow ToLocal(MembershipRow row, DateTime now)
    {
        var isKnown = _seen.TryGetValue(row.Address, out var sight);
        if (isKnown && sight.Written == row.IAmAliveTime)
        {
            _seen[row.Address] = sight with { LastRead = now };
        }
        else
        {
            var told = row.IAmAliveTime > now ? now
                : isKnown && row.IAmAliveTime < sight.LastRead ? Earlier(sight.LastRead, now)
                : row.IAmAliveTime;
            var ahead = row.IAmAliveTime - told;
            var isWrong = ahead.Duration() > Tolerance;
            if (isWrong && !sight.IsReported && row.Status != nameof(SiloStatus.Dead))
            {
                ClusteringLog.ClockDiffers(logger, row.Address, ahead.TotalSeconds, row.IAmAliveTime);
            }

            _seen[row.Address] = sight = new Sight(row.IAmAliveTime, told, now, isWrong || sight.IsReported);
        }

        return row with { IAmAliveTime = sight.Told, StartTime = Earlier(row.StartTime, sight.Told) };
    }

    /// <summary>A row's heartbeat.</summary>
    /// <param name="Written">As its silo wrote it.</param>
    /// <param name="Told">By this silo's clock.</param>
    /// <param name="LastRead">When the row was last read.</param>
    /// <param name="IsReported">Whether the silo's clock was called wrong.</param>
    private readonly record struct Sight(DateTime Written, DateTime Told, DateTime LastRead, bool IsReported);
}
