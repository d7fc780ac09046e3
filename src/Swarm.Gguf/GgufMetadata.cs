using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Swarm.Gguf;

/// <summary>The metadata of a GGUF file: values by key, enumerated in the file's order.</summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "The format's own word.")]
public sealed class GgufMetadata : IReadOnlyCollection<KeyValuePair<string, GgufValue>>
{
    private readonly string _path;
    private readonly List<KeyValuePair<string, GgufValue>> _items = [];
    private readonly Dictionary<string, GgufValue> _byKey = new(StringComparer.Ordinal);

    internal GgufMetadata(string path) => _path = path;

    /// <inheritdoc/>
    public int Count => _items.Count;

    /// <summary>The value of a key that may be missing.</summary>
    /// <param name="key">The key, such as <c>llama.rope.freq_base</c>.</param>
    /// <returns>The value, or <see langword="null"/>.</returns>
    public GgufValue? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>The value of a key that must be there.</summary>
    /// <param name="key">The key, such as <c>general.architecture</c>.</param>
    /// <returns>The value.</returns>
    /// <exception cref="GgufFormatException">The file does not have it.</exception>
    public GgufValue Require(string key) =>
        Find(key) ?? throw new GgufFormatException($"{_path} has no key '{key}', which is needed. Convert the model again.");

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal bool TryAdd(string key, GgufValue value)
    {
        if (!_byKey.TryAdd(key, value))
        {
            return false;
        }

        _items.Add(new(key, value));
        return true;
    }
}
