using System.Text.Json;
using Swarm.EndToEnd.Agent;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Reads the histories of all processes while they are written, whole lines only.</summary>
/// <param name="folder">Where the files are.</param>
internal sealed class HistoryTail(string folder)
{
    private readonly Dictionary<string, long> _offsets = [];

    /// <summary>Everything read so far, of each process in its order.</summary>
    public List<HistoryEvent> Events { get; } = [];

    /// <summary>Reads what is new.</summary>
    /// <exception cref="InvalidOperationException">An agent recorded what must not happen.</exception>
    public void Poll()
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var offset = _offsets.GetValueOrDefault(path);
            var bytes = new byte[file.Length - offset];
            file.Position = offset;
            file.ReadExactly(bytes);
            var end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
            _offsets[path] = offset + end;
            foreach (var line in Lines(bytes.AsMemory(0, end)))
            {
                var read = JsonSerializer.Deserialize(line.Span, HistoryJson.Default.HistoryEvent)!;
                Events.Add(read);
                if (read.Kind == EventKind.Failed)
                {
                    throw new InvalidOperationException($"{read.Process}, {read.Context}: {read.Text}");
                }
            }
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.Span.IndexOf((byte)'\n');
            yield return bytes[..end];
            bytes = bytes[(end + 1)..];
        }
    }
}
