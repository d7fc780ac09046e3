using System.Text.Json.Serialization;

namespace DroneHandoff.Messages;

/// <summary>What the orchestrator tells a role, one line of JSON each.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "command")]
[JsonDerivedType(typeof(AdvanceCommand), "advance")]
[JsonDerivedType(typeof(StreamCommand), "stream")]
[JsonDerivedType(typeof(ReleaseCommand), "release")]
[JsonDerivedType(typeof(ContinueCommand), "continue")]
[JsonDerivedType(typeof(FollowCommand), "follow")]
[JsonDerivedType(typeof(ForkCommand), "fork")]
[JsonDerivedType(typeof(TakeOverCommand), "take-over")]
[JsonDerivedType(typeof(AppendStaleCommand), "append-stale")]
[JsonDerivedType(typeof(FinishCommand), "finish")]
internal abstract record RoleCommand;

/// <summary>Go on feeding readings until the process is killed.</summary>
internal sealed record StreamCommand : RoleCommand;

/// <summary>Feed readings until so many were fed, one step each; then wait until all is durable.</summary>
/// <param name="Readings">Readings since the flight's start.</param>
internal sealed record AdvanceCommand(long Readings) : RoleCommand;

/// <summary>Feed the next reading, then generate greedily, and report the logits.</summary>
internal sealed record ContinueCommand : RoleCommand;

/// <summary>Make everything durable and give the memory to a successor.</summary>
/// <param name="To">The successor's agent name.</param>
internal sealed record ReleaseCommand(string To) : RoleCommand;

/// <summary>Stand by: begin to follow the context, if that is not done, and answer when so much is held, of which all is durable.</summary>
/// <param name="Tokens">Positions whose inputs are to be held.</param>
/// <param name="Kv">Positions whose KV is to be held.</param>
internal sealed record FollowCommand(long Tokens, long Kv) : RoleCommand;

/// <summary>Fork the context as it is: what is durable of it.</summary>
/// <param name="Name">Name of the fork.</param>
internal sealed record ForkCommand(string Name) : RoleCommand;

/// <summary>Become the successor by one of the <see cref="Strategies"/>, then continue as <see cref="ContinueCommand"/> says.</summary>
/// <param name="Strategy">How.</param>
/// <param name="SilenceSeconds">
/// Take over once the predecessor was silent for so long; 0 to wait for its release. For standby and rehydration alone.
/// </param>
/// <param name="Positions">For re-prefill: how many positions to compute, those that the successors before found.</param>
/// <param name="Readings">For cold and re-prefill: which reading comes next.</param>
internal sealed record TakeOverCommand(string Strategy, double SilenceSeconds, long Positions, long Readings)
    : RoleCommand;

/// <summary>Try to append with a session that another one has replaced.</summary>
/// <param name="Epoch">The old session's epoch.</param>
/// <param name="Secret">The old session's secret, in hexadecimal digits.</param>
/// <param name="Position">Where the old session would have gone on.</param>
/// <param name="Tokens">What it would have appended.</param>
internal sealed record AppendStaleCommand(ulong Epoch, string Secret, long Position, int[] Tokens) : RoleCommand
{
    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"AppendStaleCommand(epoch {Epoch}, position {Position}, secret hidden)";
}

/// <summary>End in good order.</summary>
internal sealed record FinishCommand : RoleCommand;
