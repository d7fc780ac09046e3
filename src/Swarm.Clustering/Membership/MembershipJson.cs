using System.Text.Json.Serialization;

namespace Swarm.Clustering.Membership;

/// <summary>Source-generated JSON of the membership document.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(MembershipDocument))]
internal sealed partial class MembershipJson : JsonSerializerContext;
