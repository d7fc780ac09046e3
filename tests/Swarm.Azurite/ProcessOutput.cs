namespace Swarm.Azurite;

/// <summary>The last lines of a process, for messages. Thread-safe.</summary>
internal sealed class ProcessOutput
{
    private const int MaxLines = 30;

    private readonly Queue<string> _lines = new();

    /// <summary>Adds a line; <see langword="null"/> marks the end and is ignored.</summary>
    public void Add(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > MaxLines)
            {
                _lines.Dequeue();
            }
        }
    }

    /// <summary>The lines, oldest first.</summary>
    public override string ToString()
    {
        lock (_lines)
        {
            return _lines.Count == 0 ? "(none)" : string.Join(Environment.NewLine, _lines);
        }
    }
}
