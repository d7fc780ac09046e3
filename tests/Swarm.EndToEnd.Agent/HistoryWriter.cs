using System.Diagnostics;
using System.Text.Json;

namespace Swarm.EndToEnd.Agent;

/// <summary>Appends events to a file, each as one line that the operating system has before the call returns.</summary>
internal sealed class HistoryWriter : IDisposable
{
    private readonly FileStream _file;
    private readonly string _process;
    private readonly Lock _lock;

    /// <summary>Makes the file.</summary>
    /// <param name="path">The file; must not exist.</param>
    /// <param name="process">Name of this process.</param>
    public HistoryWriter(string path, string process)
        : this(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0), process, new Lock())
    {
    }

    private HistoryWriter(FileStream file, string process, Lock @lock) => (_file, _process, _lock) = (file, process, @lock);

    /// <summary>The same file, for events of a part of the process that goes under a name of its own.</summary>
    public HistoryWriter Of(string name) => new(_file, name, _lock);

    /// <summary>Writes an event; process and time are filled in.</summary>
    public void Write(
        EventKind kind,
        string context = "",
        ulong epoch = 0,
        long position = 0,
        long tokens = 0,
        long kv = 0,
        ulong logits = 0,
        string text = "")
    {
        lock (_lock)
        {
            var line = JsonSerializer.SerializeToUtf8Bytes(
                new HistoryEvent
                {
                    Kind = kind,
                    At = Stopwatch.GetTimestamp(),
                    Process = _process,
                    Context = context,
                    Epoch = epoch,
                    Position = position,
                    Tokens = tokens,
                    Kv = kv,
                    Logits = logits,
                    Text = text,
                },
                HistoryJson.Default.HistoryEvent);
            _file.Write([.. line, (byte)'\n']); // One write: SIGKILL leaves whole lines, at most the last one torn.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
