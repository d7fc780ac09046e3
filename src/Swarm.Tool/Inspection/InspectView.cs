using System.Text.Json.Nodes;

namespace Swarm.Tool.Inspection;

/// <summary>What there is to show of an object.</summary>
/// <param name="Content">Its parts, in the order in which they are shown.</param>
/// <param name="IsSound">Whether nothing is wrong with it.</param>
internal sealed record InspectView(JsonObject Content, bool IsSound);
