using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Swarm;

/// <summary>Settings of a <see cref="SwarmClient"/>.</summary>
public sealed class SwarmClientOptions
{
    /// <summary>
    /// <c>swarm://host:port</c>, or several gateways: <c>swarm://a:1,b:2</c>. Needed where no address is given beside the settings, as by
    /// <see cref="SwarmClient.ConnectAsync(SwarmClientOptions, CancellationToken)"/> and <c>AddSwarmClient</c>.
    /// </summary>
    public string Address { get; set; } = "";

    /// <summary>Tenant name, where no credential is given beside the settings. Default <c>default</c>.</summary>
    public string Tenant { get; set; } = "default";

    /// <summary>The tenant's token, where no credential is given beside the settings; empty where the silos require none.</summary>
    public string Token { get; set; } = "";

    /// <summary>Orleans cluster id of the silos. Default <c>swarm</c>.</summary>
    public string ClusterId { get; set; } = "swarm";

    /// <summary>Orleans service id of the silos. Default <c>swarm</c>.</summary>
    public string ServiceId { get; set; } = "swarm";

    /// <summary>How long connecting to a gateway may take; several are tried beside each other. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a request to the silos may take, with all its attempts, before its outcome counts as unknown. Default
    /// 30 s. A cluster that has lost a silo needs some seconds to notice.
    /// </summary>
    public TimeSpan ControlTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt may take before the request is made again. Default 2 s.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the gateway is asked whether it is there. Default 1 s.</summary>
    public TimeSpan GatewayCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a gateway may take to answer before another one is used. Default 2 s.</summary>
    public TimeSpan GatewayTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Settings of the connections that carry inputs and KV. They count when the client is made.</summary>
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

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them.</exception>
    public void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(ClusterId) || string.IsNullOrWhiteSpace(ServiceId))
        {
            faults.Add($"{nameof(ClusterId)} and {nameof(ServiceId)} must not be empty.");
        }

        if (ConnectTimeout <= TimeSpan.Zero || ControlTimeout <= TimeSpan.Zero)
        {
            faults.Add(
                $"{nameof(ConnectTimeout)} {ConnectTimeout} and {nameof(ControlTimeout)} {ControlTimeout} "
                + "must be positive.");
        }

        if (AttemptTimeout <= TimeSpan.Zero || AttemptTimeout > ControlTimeout)
        {
            faults.Add(
                $"{nameof(AttemptTimeout)} {AttemptTimeout} must be positive, and at most {nameof(ControlTimeout)} "
                + $"{ControlTimeout}.");
        }

        if (GatewayCheckInterval <= TimeSpan.Zero || GatewayTimeout <= TimeSpan.Zero)
        {
            faults.Add(
                $"{nameof(GatewayCheckInterval)} {GatewayCheckInterval} and {nameof(GatewayTimeout)} {GatewayTimeout} "
                + "must be positive.");
        }

        if (DataPlane is null)
        {
            faults.Add($"{nameof(DataPlane)} is null: leave it as it is for the defaults.");
        }
        else
        {
            faults.AddRange(DataPlane.FindFaults().Select(fault => $"{nameof(DataPlane)}.{fault}"));
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults));
        }
    }
}
