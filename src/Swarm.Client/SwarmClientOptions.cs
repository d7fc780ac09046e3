using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.DataPlane.Client;

namespace Swarm.Client;

/// <summary>Settings of a <see cref="SwarmClient"/>.</summary>
public sealed class SwarmClientOptions
{
    /// <summary>Orleans cluster id of the silos. Default <c>swarm</c>.</summary>
    public string ClusterId { get; set; } = "swarm";

    /// <summary>Orleans service id of the silos. Default <c>swarm</c>.</summary>
    public string ServiceId { get; set; } = "swarm";

    /// <summary>How long connecting to the first gateway may take. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one control call may take before its outcome counts as unknown. Default 30 s.</summary>
    public TimeSpan ControlTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Settings of data-plane connections.</summary>
    public DataPlaneClientOptions DataPlane { get; set; } = new();

    /// <summary>Where logs go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

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

        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults));
        }

        DataPlane.Validate();
    }
}
