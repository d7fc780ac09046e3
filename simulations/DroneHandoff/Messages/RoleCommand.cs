using System.Text.Json.Serialization;

namespace DroneHandoff.Messages;

/// <summary>What the orchestrator tells a role, one line of JSON each.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "command")]
[JsonDerivedType(typeof(AdvanceCommand), "advance")]
[JsonDerivedType(typeof(StreamCommand), "stream")]
[JsonDerivedType(typeof(ReleaseCommand), "release")]
[JsonDerivedType(typeof(ContinueCommand), "continue")]
[JsonDerivedType(typeof(TakeOverCommand), "take-over")]
[JsonDerivedType(typeof(AppendStaleCommand), "append-stale")]
[JsonDerivedType(typeof(FinishCommand), "finish")]
internal abstract record RoleCommand;
