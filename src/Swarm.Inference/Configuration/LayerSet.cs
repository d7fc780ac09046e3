using System.Collections;
using System.Collections.Immutable;

namespace Swarm.Inference.Configuration;

/// <summary>Some of a model's layers, compared by value. Immutable; the default value is empty.</summary>
public readonly struct LayerSet : IEquatable<LayerSet>, IReadOnlyCollection<int>
{
    private readonly ImmutableArray<int> _layers;

    /// <summary>Makes a set.</summary>
    /// <param name="layers">Layer indices, 0 or more, in any order; repeats count once.</param>
    public LayerSet(params IEnumerable<int> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        _layers = [.. layers.Distinct().Order()];
    }

    /// <inheritdoc/>
    public int Count => Layers.Length;

    private ImmutableArray<int> Layers => _layers.IsDefault ? [] : _layers;

    /// <summary>Whether a layer is among them.</summary>
    /// <param name="layer">Its index.</param>
    /// <returns>Whether it is.</returns>
    public bool Contains(int layer) => Layers.BinarySearch(layer) >= 0;

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)Layers).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(LayerSet other) => Layers.SequenceEqual(other.Layers);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LayerSet other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Layers.Aggregate(Count, HashCode.Combine);

    /// <summary>Compares by value.</summary>
    public static bool operator ==(LayerSet left, LayerSet right) => left.Equals(right);

    /// <summary>Compares by value.</summary>
    public static bool operator !=(LayerSet left, LayerSet right) => !left.Equals(right);

    /// <summary>The indices, ascending, with commas.</summary>
    public override string ToString() => string.Join(',', Layers);
}
