using System.Text;

namespace Swarm.Core.Tests.Architecture;

/// <summary>Which places of a project use which: its folders, and the files in its root.</summary>
internal sealed class FolderGraph
{
    private readonly Dictionary<string, Dictionary<string, List<string>>> _uses = [];

    /// <summary>Finds the uses.</summary>
    /// <param name="files">All files of one project.</param>
    public FolderGraph(IReadOnlyCollection<SourceFile> files)
    {
        var types = files.SelectMany(file => file.Types.Select(type => (Type: type, file.Namespace, file.Place))).Distinct().ToArray();
        var folders = files.Where(file => file.Place != file.Path).Select(file => (file.Namespace, file.Place)).Distinct().ToArray();
        foreach (var file in files)
        {
            foreach (var used in types
                .Where(type => type.Place != file.Place && file.Uses(type.Type, type.Namespace))
                .GroupBy(type => type.Place, type => type.Type))
            {
                Add(file, used.Key, string.Join(", ", used.Order(StringComparer.Ordinal)));
            }

            foreach (var (_, place) in folders.Where(folder => folder.Place != file.Place && file.Usings.Contains(folder.Namespace)))
            {
                if (!Uses(file.Place, place).Any(use => use.StartsWith($"{file.Path} ", StringComparison.Ordinal)))
                {
                    Add(file, place, "the namespace, by a directive");
                }
            }
        }
    }

    /// <summary>How one place uses another; empty where it does not.</summary>
    public IReadOnlyList<string> Uses(string from, string to) =>
        _uses.TryGetValue(from, out var targets) && targets.TryGetValue(to, out var uses) ? uses : [];

    /// <summary>A shortest cycle that a folder is part of, or <see langword="null"/>: files of the root are one folder, and may use each other.</summary>
    public IReadOnlyList<string>? FindCycle() => _uses.Keys
        .Where(place => !place.EndsWith(".cs", StringComparison.Ordinal))
        .Select(PathBackTo)
        .OfType<IReadOnlyList<string>>()
        .MinBy(path => path.Count);

    /// <summary>Says a cycle: its places, and which files make each step by which types.</summary>
    public string Describe(IReadOnlyList<string> cycle)
    {
        var text = new StringBuilder().AppendJoin(" -> ", cycle.Append(cycle[0])).AppendLine();
        for (var index = 0; index < cycle.Count; index++)
        {
            var to = cycle[(index + 1) % cycle.Count];
            text.AppendLine($"  {cycle[index]} uses {to}:");
            foreach (var use in Uses(cycle[index], to))
            {
                text.AppendLine($"    {use}");
            }
        }

        return text.ToString();
    }

    private void Add(SourceFile file, string place, string what)
    {
        if (!_uses.TryGetValue(file.Place, out var targets))
        {
            _uses[file.Place] = targets = [];
        }

        if (!targets.TryGetValue(place, out var uses))
        {
            targets[place] = uses = [];
        }

        uses.Add($"{file.Path} ({what})");
    }

    private IReadOnlyList<string>? PathBackTo(string start)
    {
        var cameFrom = new Dictionary<string, string>();
        var next = new Queue<string>([start]);
        while (next.TryDequeue(out var place))
        {
            foreach (var target in _uses.GetValueOrDefault(place)?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>())
            {
                if (target == start)
                {
                    var path = new List<string> { place };
                    while (path[^1] != start)
                    {
                        path.Add(cameFrom[path[^1]]);
                    }

                    path.Reverse();
                    return path;
                }

                if (cameFrom.TryAdd(target, place))
                {
                    next.Enqueue(target);
                }
            }
        }

        return null;
    }
}
