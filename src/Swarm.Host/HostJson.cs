using System.Text.Json.Serialization;
using Swarm.Host.Health;
using Swarm.Host.Startup;

namespace Swarm.Host;

/// <summary>Source-generated JSON of what the host says.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ReadyReport))]
internal sealed partial class HostJson : JsonSerializerContext;
