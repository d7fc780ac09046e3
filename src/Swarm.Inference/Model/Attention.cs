using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>Attention of one layer: its weights, and how they are used. Shared by all runtimes of a model.</summary>
internal abstract class Attention
{
    /// <summary>Writes the KV of a step's positions, and attends.</summary>
    /// <param name="input">Normalised states, [count, width].</param>
    /// <param name="sight">What the layer sees.</param>
    /// <param name="kv">The sequence's KV.</param>
    /// <returns>What is added to the states, [count, width].</returns>
    public abstract Tensor Run(Tensor input, LayerSight sight, KvSequence kv);
}
