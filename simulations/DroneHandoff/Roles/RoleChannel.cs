using System.Threading.Channels;
using DroneHandoff.Messages;

namespace DroneHandoff.Roles;

/// <summary>A role's side of its pipes: commands come in, events go out.</summary>
/// <remarks>When the standard input closes, the orchestrator is gone: the process ends at once, whatever it does.</remarks>
internal sealed class RoleChannel
{
    /// <summary>Exit code of a role whose orchestrator is gone.</summary>
    public const int Orphaned = 3;

    private readonly Channel<RoleCommand> _commands = Channel.CreateUnbounded<RoleCommand>();
    private readonly TextWriter _events;
    private readonly Lock _gate = new();

    private RoleChannel(RoleSettings settings, TextWriter events)
    {
        Settings = settings;
        _events = events;
    }

    /// <summary>What the role was told first.</summary>
    public RoleSettings Settings { get; }

    /// <summary>Takes the process's standard streams over; whatever else writes to the output goes to the log.</summary>
    /// <returns>The channel, with the settings read.</returns>
    /// <exception cref="FormatException">The first line holds no settings.</exception>
    public static RoleChannel Open()
    {
        var events = Console.Out;
        Console.SetOut(Console.Error);
        var settings = Console.In.ReadLine() ?? throw new FormatException("A role needs its settings on its input.");
        var channel = new RoleChannel(MessageJson.FromLine<RoleSettings>(settings), events);
        new Thread(channel.ReadCommands) { IsBackground = true, Name = "commands" }.Start();
        return channel;
    }

    /// <summary>Reports an event.</summary>
    /// <param name="message">The event.</param>
    public void Emit(RoleEvent message)
    {
        var line = MessageJson.ToLine(message);
        lock (_gate)
        {
            _events.WriteLine(line);
            _events.Flush();
        }
    }

    /// <summary>Waits for the next command.</summary>
    /// <returns>The command.</returns>
    public ValueTask<RoleCommand> ReadAsync() => _commands.Reader.ReadAsync();

    private void ReadCommands()
    {
        while (Console.In.ReadLine() is { } line)
        {
            _commands.Writer.TryWrite(MessageJson.FromLine<RoleCommand>(line));
        }

        Environment.Exit(Orphaned);
    }
}
