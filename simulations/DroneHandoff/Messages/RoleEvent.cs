using System.Text.Json.Serialization;

namespace DroneHandoff.Messages;

/// <summary>What a role reports, one line of JSON each on its standard output.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(ReadyEvent), "ready")]
[JsonDerivedType(typeof(OpenedEvent), "opened")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(AdvancedEvent), "advanced")]
[JsonDerivedType(typeof(ReleasedEvent), "released")]
[JsonDerivedType(typeof(ContinuedEvent), "continued")]
[JsonDerivedType(typeof(TookOverEvent), "took-over")]
[JsonDerivedType(typeof(StaleAppendEvent), "stale-append")]
[JsonDerivedType(typeof(FailedEvent), "failed")]
internal abstract record RoleEvent;
