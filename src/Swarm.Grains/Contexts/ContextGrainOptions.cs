using Swarm.Core.Settings;

namespace Swarm.Grains.Contexts;

/// <summary>Settings of context grains. Bound from configuration section <c>Swarm:Contexts</c>.</summary>
public sealed class ContextGrainOptions : ISettingRules
{
    /// <summary>Configuration section name.</summary>
    public const string SectionName = "Swarm:Contexts";

    /// <summary>
    /// How long one grain call may wait for storage before it answers that the outcome is unknown. Default 20 s;
    /// 1 s to 5 min. Keep it under the clients' response timeout, which is 30 s by default.
    /// </summary>
    [Setting("How long a call may wait for the store before its outcome counts as unknown.", Min = "1s", Max = "5min")]
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long after the last heartbeat of its holder a held context stays open here, whatever else happens. Default
    /// 10 min; 1 s to 1 day. Afterwards the grain is collected like any idle one, and the context closed cleanly.
    /// </summary>
    [Setting("How long a held context stays open after the last heartbeat of its holder.", Min = "1s", Max = "1d")]
    public TimeSpan SessionLinger { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a held context's holder is looked at. Default 15 s; 10 ms up to half of the linger.</summary>
    [Setting("How often a held context's holder is looked at; half of SessionLinger at most.", Min = "10ms", Max = "12h")]
    public TimeSpan SessionCheckPeriod { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long after its last call a grain stays activated, and a context that nobody holds open. Default 15 min; 1 s
    /// to 1 day.
    /// </summary>
    [Setting("How long after its last call a context that nobody holds stays open.", Min = "1s", Max = "1d")]
    public TimeSpan IdleAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (SessionCheckPeriod > SessionLinger / 2)
        {
            yield return $"{name(nameof(SessionCheckPeriod))} is {Duration.Format(SessionCheckPeriod)}; half of "
                + $"{name(nameof(SessionLinger))}, {Duration.Format(SessionLinger)}, or less is needed: lower the first or raise the second.";
        }
    }
}
