using System.Text.Json.Serialization;

namespace Swarm.Clustering.Holders;

/// <summary>Source-generated JSON of the holder's document.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(HolderDocument))]
internal sealed partial class HolderJson : JsonSerializerContext;
