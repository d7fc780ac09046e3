using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>A run of inputs with its steps, and states that become durable with it.</summary>
/// <param name="Run">The inputs; the steps add up to them.</param>
/// <param name="States">The states.</param>
internal readonly record struct InputList(InputRun Run, StateList States) : IMessage<InputList>
{
    public int EncodedLength => sizeof(long) + (2 * sizeof(int))
        + ((Run.Tokens.Length + Run.Steps.Length) * sizeof(int)) + States.EncodedLength;

    public static InputList Read(ref MessageReader reader)
    {
        var first = reader.ReadPosition();
        var tokens = reader.ReadInts(reader.ReadCount(FrameLimits.MaxAppendTokens, "tokens"));
        var steps = reader.ReadInts(reader.ReadCount(FrameLimits.MaxAppendTokens, "steps"));
        var total = 0L;
        foreach (var step in steps)
        {
            total += step > 0 ? step : throw new ProtocolException($"a step of {step} tokens is not possible");
        }

        return total == tokens.Length
            ? new InputList(new InputRun(first, tokens, steps), StateList.Read(ref reader))
            : throw new ProtocolException($"steps of {total} tokens do not add up to {tokens.Length}");
    }

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Run.FirstPosition);
        writer.WriteInt32(Run.Tokens.Length);
        writer.WriteInts(Run.Tokens.Span);
        writer.WriteInt32(Run.Steps.Length);
        writer.WriteInts(Run.Steps.Span);
        States.Write(ref writer);
    }
}
