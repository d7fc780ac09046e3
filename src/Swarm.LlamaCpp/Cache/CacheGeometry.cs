using Swarm.Gguf;

namespace Swarm.LlamaCpp.Cache;

/// <summary>A cache's tensors as layer groups of Swarm: layers whose rows are alike, keys and values.</summary>
/// <remarks>
/// Every group is of full attention: layers with a window keep all positions too (<c>swa_full</c>), so that a sequence can be truncated to any length.
/// Layers are numbered as the state has them. Rows of types that <see cref="KvDType"/> does not name are <see cref="KvDType.Bytes"/>.
/// </remarks>
internal sealed class CacheGeometry
{
    private readonly CacheTensor[][][] _tensors;

    /// <summary>Makes groups of a layout's tensors.</summary>
    /// <exception cref="LlamaCppException">Rows are of another type than was asked for.</exception>
    public CacheGeometry(StateLayout layout, GgufTensorType keyType, GgufTensorType valueType, bool hasRotation)
    {
        var layers = layout.Tensors.GroupBy(tensor => tensor.Layer).Select(layer => layer.ToArray()).ToArray();
        foreach (var tensor in layout.Tensors)
        {
            var asked = tensor.IsValue ? valueType : keyType;
            if (tensor.Type != (int)asked)
            {
                throw new LlamaCppException(
                    $"llama.cpp keeps {(tensor.IsValue ? "values" : "keys")} of layer {tensor.Layer} as type {tensor.Type}, and {asked} was asked for. Ask for that type.");
            }
        }

        var groups = layers.GroupBy(layer => string.Join('/', layer.Select(tensor => tensor.RowBytes))).Select(group => group.ToArray()).ToArray();
        Geometry = new KvGeometry(
            [
                .. groups.Select(group => new LayerGroup(
                    LayerGroupKind.Full,
                    [.. group.Select(layer => layer[0].Layer)],
                    [.. group[0].Select(tensor => new KvStream(tensor.IsValue ? "v" : "k", DTypeOf(tensor.IsValue ? valueType : keyType), tensor.RowBytes))])),
            ],
            hasRotation ? "post-rope" : "none");
        _tensors = [.. groups.Select(group => group[0].Select((_, stream) => group.Select(layer => layer[stream]).ToArray()).ToArray())];
    }

    /// <summary>The geometry.</summary>
    public KvGeometry Geometry { get; }

    /// <summary>The tensors of a stream, layer by layer.</summary>
    public IReadOnlyList<CacheTensor> Tensors(int group, int stream) => _tensors[group][stream];

    private static KvDType DTypeOf(GgufTensorType type) => type switch
    {
        GgufTensorType.Float32 => KvDType.Float32,
        GgufTensorType.Float16 => KvDType.Float16,
        GgufTensorType.BFloat16 => KvDType.BFloat16,
        _ => KvDType.Bytes,
    };
}
