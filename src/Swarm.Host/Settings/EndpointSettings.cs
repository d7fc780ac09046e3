using Swarm.Core.Settings;

namespace Swarm.Host.Settings;

/// <summary>Where this silo listens. Configuration section <c>Swarm:Endpoints</c>. Port 0 is any free port.</summary>
public sealed class EndpointSettings : ISettingRules
{
    /// <summary>Configuration section name.</summary>
    public const string SectionName = "Swarm:Endpoints";

    /// <summary>Address that clients and other silos use: an IP address, or a name that has one. Default 127.0.0.1.</summary>
    [Setting("What agents and other silos connect to: an IP address, or a name that has one.")]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>IP address to listen on, such as 0.0.0.0; empty for the one of <see cref="Address"/>.</summary>
    [Setting("IP address to listen on, such as 0.0.0.0. Without it, the silo listens on that of Address.")]
    public string Listen { get; set; } = "";

    /// <summary>Port for grain calls of clients. Default 7400.</summary>
    [Setting("Port for grain calls of agents; 0 for any free one.", Max = "65535")]
    public int Gateway { get; set; } = 7400;

    /// <summary>Port of the data plane. Default 7401.</summary>
    [Setting("Port for inputs and KV of agents; 0 for any free one.", Max = "65535")]
    public int DataPlane { get; set; } = 7401;

    /// <summary>Port of the health endpoints. Default 7402.</summary>
    [Setting("Port of /health/live and /health/ready; 0 for any free one.", Max = "65535")]
    public int Http { get; set; } = 7402;

    /// <summary>Port between silos. Default 7403.</summary>
    [Setting("Port for other silos; 0 for any free one.", Max = "65535")]
    public int Silo { get; set; } = 7403;

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        (string Name, int Port)[] ports =
        [
            (nameof(Gateway), Gateway), (nameof(DataPlane), DataPlane), (nameof(Http), Http), (nameof(Silo), Silo),
        ];
        foreach (var same in ports.Where(port => port.Port > 0).GroupBy(port => port.Port).Where(group => group.Count() > 1))
        {
            yield return $"{string.Join(" and ", same.Select(port => name(port.Name)))} are both {same.Key}; they must differ.";
        }
    }
}
