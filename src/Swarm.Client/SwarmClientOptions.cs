using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Settings;

namespace Swarm;

/// <summary>Settings of a <see cref="SwarmClient"/>.</summary>
public sealed class SwarmClientOptions : ISettingRules
{
    /// <summary>
    /// <c>swarm://host:port</c>, or several gateways: <c>swarm://a:1,b:2</c>. Needed where no address is given beside the settings, as by
    /// <see cref="SwarmClient.ConnectAsync(SwarmClientOptions, CancellationToken)"/> and <c>AddSwarmClient</c>.
    /// </summary>
    [Setting("swarm://host:port, or several gateways: swarm://a:1,b:2.")]
    public string Address { get; set; } = "";

    /// <summary>Tenant name, where no credential is given beside the settings. Default <c>default</c>.</summary>
    [Setting("Tenant name.")]
    public string Tenant { get; set; } = "default";

    /// <summary>The tenant's token, where no credential is given beside the settings; empty where the silos require none.</summary>
    [Setting("The tenant's token; empty where the silos require none.")]
    public string Token { get; set; } = "";

    /// <summary>Orleans cluster id of the silos. Default <c>swarm</c>.</summary>
    [Setting("Orleans cluster id of the silos.")]
    public string ClusterId { get; set; } = "swarm";

    /// <summary>Orleans service id of the silos. Default <c>swarm</c>.</summary>
    [Setting("Orleans service id of the silos.")]
    public string ServiceId { get; set; } = "swarm";

    /// <summary>How long connecting to a gateway may take; several are tried in parallel. Default 10 s.</summary>
    [Setting("How long connecting to a gateway may take.", Min = "1ms", Max = "1h")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a request to the silos may take, with all its attempts, before its outcome counts as unknown. Default
    /// 30 s. A cluster that has lost a silo needs some seconds to notice.
    /// </summary>
    [Setting("How long a request may take, with all its attempts.", Min = "1ms", Max = "1d")]
    public TimeSpan ControlTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often an attempt that was not answered gives the next one twice its time.</summary>
    internal const int AttemptTimeoutDoublings = 2;

    /// <summary>How long the first attempt may take before the request is made again; the second may take twice as long, and later ones four times. Default 2 s.</summary>
    [Setting("How long the first attempt of a request may take; later ones up to four times as long.", Min = "1ms", Max = "1h")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the gateway is asked whether it is there. Default 1 s.</summary>
    [Setting("How often the gateway is asked whether it is there.", Min = "1ms", Max = "1h")]
    public TimeSpan GatewayCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a gateway may take to answer before another one is used. Default 2 s.</summary>
    [Setting("How long a gateway may take to answer before another one is used.", Min = "1ms", Max = "1h")]
    public TimeSpan GatewayTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Settings of the connections that carry inputs and KV. Read once, when the client is created.</summary>
    public DataConnectionOptions DataPlane { get; set; } = new();

    /// <summary>Where logs go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>
    /// Makes the meter that clients measure under; a host's, as a rule. Clients of one factory share its instruments. Default
    /// <see langword="null"/>: each client has a meter of its own, which ends with it.
    /// </summary>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>What configuration held that cannot be read.</summary>
    internal List<string> Faults { get; } = [];

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them, with value, limit and remedy.</exception>
    public void Validate() => SettingRules.Require(this, "options");

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        foreach (var (id, value) in new[] { (nameof(ClusterId), ClusterId), (nameof(ServiceId), ServiceId) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                yield return $"{name(id)} is empty: set it to that of the silos, or leave it at its default, swarm.";
            }
        }

        if (AttemptTimeout > ControlTimeout)
        {
            yield return $"{name(nameof(AttemptTimeout))} is {Duration.Format(AttemptTimeout)}; at most {name(nameof(ControlTimeout))}, "
                + $"{Duration.Format(ControlTimeout)}, is allowed: lower it, or raise the other.";
        }

        if (DataPlane is null)
        {
            yield return $"{name(nameof(DataPlane))} is null: leave it as it is for the defaults.";
            yield break;
        }

        foreach (var fault in SettingRules.FindFaults(DataPlane, setting => name($"{nameof(DataPlane)}.{setting}")))
        {
            yield return fault;
        }
    }
}
