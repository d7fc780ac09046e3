using System.Text.Json.Serialization;

namespace Swarm.EndToEnd.Agent;

/// <summary>Source-generated JSON of the history.</summary>
[JsonSourceGenerationOptions(
    UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(HistoryEvent))]
internal sealed partial class HistoryJson : JsonSerializerContext;
