using Swarm.Core.Settings;

namespace Swarm.Host.Settings;

/// <summary>How silos find and watch each other. Configuration section <c>Swarm:Cluster</c>.</summary>
public sealed class ClusterSettings : ISettingRules
{
    /// <summary>Configuration section name.</summary>
    public const string SectionName = "Swarm:Cluster";

    /// <summary>Periods without a heartbeat after which a silo counts as gone for one that starts.</summary>
    internal const int SilentPeriods = 3;

    private static readonly TimeSpan LeastCallTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// <c>localhost</c>: one silo alone, nothing is shared. <c>store</c>: all silos on the same store with the same
    /// <see cref="ClusterId"/>. Default <c>localhost</c>.
    /// </summary>
    [Setting("localhost: one silo alone. store: all silos on the same store with the same ClusterId.", OneOf = "localhost|store")]
    public string Kind { get; set; } = "localhost";

    /// <summary>
    /// Whether all silos of a <c>store</c> cluster are on this machine: only then may they have loopback addresses. Default false.
    /// </summary>
    [Setting("Whether all silos of a store cluster are on this machine: only then may they have loopback addresses.")]
    public bool OneMachine { get; set; }

    /// <summary>Id of the cluster, 1 to 64 characters of [a-z0-9-]. Clients must name the same. Default <c>swarm</c>.</summary>
    [Setting("Id of the cluster, 1 to 64 characters of [a-z0-9-]. Agents must name the same.")]
    public string ClusterId { get; set; } = "swarm";

    /// <summary>Id of the service, 1 to 64 characters of [a-z0-9-]. Clients must name the same. Default <c>swarm</c>.</summary>
    [Setting("Id of the service, 1 to 64 characters of [a-z0-9-]. Agents must name the same.")]
    public string ServiceId { get; set; } = "swarm";

    /// <summary>
    /// Longest time between two probes of a silo, and that one may take. A silo from which nothing came for this time
    /// and <see cref="MissedProbes"/> probes is suspected. 100 ms to 1 min; default 1.1 s.
    /// </summary>
    [Setting("Longest time between two probes of a silo, and for its answer.", Min = "100ms", Max = "1min")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1.1);

    /// <summary>Missed probes after which a silo is suspected. 1 to 20; default 3.</summary>
    [Setting("Probes without an answer before a silo is suspected.", Min = "1", Max = "20")]
    public int MissedProbes { get; set; } = 3;

    /// <summary>Silos that must suspect a silo before it counts as dead. 1 to 10; default 2.</summary>
    [Setting("Silos that must suspect a silo before it counts as dead; where fewer others are left, all of them.", Min = "1", Max = "10")]
    public int DeathVotes { get; set; } = 2;

    /// <summary>
    /// Interval at which a silo writes its heartbeat to the membership table and reads the table. 1 s to 1 min; default 5 s.
    /// </summary>
    [Setting("Interval at which a silo writes its heartbeat to the membership table and reads the table.", Min = "1s", Max = "1min")]
    public TimeSpan AlivePeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a silo that neither answers nor says that it is alive counts as alive for one that starts: 3 times
    /// <see cref="AlivePeriod"/>.
    /// </summary>
    public TimeSpan LongestSilence => SilentPeriods * AlivePeriod;

    /// <summary>
    /// How long a silo waits for another one's answer: about as long as it takes to declare one dead that does not answer
    /// probes, and 2 s or more.
    /// </summary>
    public TimeSpan CallTimeout
    {
        get
        {
            var detection = ProbeTimeout * (MissedProbes + 1);
            return detection > LeastCallTimeout ? detection : LeastCallTimeout;
        }
    }

    /// <summary>
    /// How long another live silo may take to close a context that this one needs, before the request is answered with
    /// "busy". 100 ms to 1 min; default 2 s.
    /// </summary>
    [Setting("How long a live silo may take to close a context that another one needs.", Min = "100ms", Max = "1min")]
    public TimeSpan ReleaseTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        foreach (var (property, value) in new[] { (nameof(ClusterId), ClusterId), (nameof(ServiceId), ServiceId) })
        {
            if (value.Length is 0 or > 64 || !value.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
            {
                yield return $"{name(property)} is '{value}'; 1 to 64 characters of [a-z0-9-] are needed.";
            }
        }
    }
}
