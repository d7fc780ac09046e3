using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>Some named states.</summary>
/// <param name="States">The states.</param>
internal readonly record struct StateList(IReadOnlyList<NamedState> States) : IMessage<StateList>
{
    public int EncodedLength => sizeof(int) + States.Sum(LengthOf);

    public static int LengthOf(NamedState state) =>
        MessageWriter.TextLength(state.Name) + sizeof(long) + sizeof(int) + state.Content.Length;

    public static StateList Read(ref MessageReader reader)
    {
        var count = reader.ReadCount(FrameLimits.MaxStates, "states");
        var states = new List<NamedState>();
        for (var index = 0; index < count; index++)
        {
            var name = reader.ReadText(Names.MaxStateLength);
            var position = reader.ReadPosition();
            var length = reader.ReadCount(NamedState.MaxBytes, "bytes of a state");
            states.Add(new NamedState(name, position, reader.ReadBytes(length).ToArray()));
        }

        return new StateList(states);
    }

    public void Write(ref MessageWriter writer)
    {
        writer.WriteInt32(States.Count);
        foreach (var (name, position, content) in States)
        {
            writer.WriteText(name);
            writer.WritePosition(position);
            writer.WriteInt32(content.Length);
            writer.WriteBytes(content.Span);
        }
    }
}
