using Swarm.Inference.Cache;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Swarm.Inference.Model;

/// <summary>Computes one step of the decoder over a paged KV cache.</summary>
/// <remarks>
/// Deterministic for a build, device and number of threads: every operand has the same shape, strides and alignment
/// whether its KV was computed or imported, and wherever its blocks lie.
/// </remarks>
internal sealed class DecoderStep(LlamaModel model, KvBlockPool pool, BlockTable table)
{
    private readonly Rotary _rotary = new(model.Config.HeadDim, model.Config.RopeTheta, model.Config.RopeScaling);

    /// <summary>Writes the KV of the step's positions into their reserved blocks and gives the last one's logits.</summary>
    /// <param name="tokens">Valid token ids.</param>
    /// <param name="past">Positions before the step.</param>
    /// <param name="logits">One for each token id.</param>
    public void Run(ReadOnlySpan<int> tokens, int past, Span<float> logits)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var config = model.Config;
        var state = Embed(tokens);
        var (cosines, sines) = _rotary.Factors(past, tokens.Length, model.Device);
        var mask = tokens.Length > 1 ? CausalMask(tokens.Length, past) : null;
        var rows = table.IsConsecutive(past + tokens.Length, out var firstRow)
            ? null
            : tensor(table.Rows(past + tokens.Length), device: model.Device);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            using var layerScope = NewDisposeScope();
            var weights = model.Layers[layer];
            var projected = Project(Norm(state, weights.InputNorm), weights.QueryKeyValue);
            var attended = Attend(projected, layer, past, (cosines, sines), mask, rows, firstRow);
            state = state.add(Project(attended, weights.Output));
            var inner = Project(Norm(state, weights.PostNorm), weights.GateUp);
            var gate = functional.silu(inner.narrow(1, 0, config.IntermediateSize));
            gate.mul_(inner.narrow(1, config.IntermediateSize, config.IntermediateSize));
            state = state.add_(Project(gate, weights.Down)).MoveToOuterDisposeScope();
        }

        var last = Norm(state.narrow(0, tokens.Length - 1, 1), model.FinalNorm);
        Project(last, model.Head).to(ScalarType.Float32).cpu().data<float>().CopyTo(logits);
    }

    private static Tensor Project(Tensor input, Tensor weight) => functional.linear(input, weight);

    private Tensor Embed(ReadOnlySpan<int> tokens)
    {
        var ids = new long[tokens.Length];
        for (var index = 0; index < ids.Length; index++)
        {
            ids[index] = tokens[index];
        }

        return model.Embedding.index_select(0, tensor(ids, device: model.Device));
    }

    /// <summary>RMSNorm (Zhang and Sennrich, arXiv 1910.07467), its mean in fp32.</summary>
    private Tensor Norm(Tensor input, Tensor weight)
    {
        var wide = input.to(ScalarType.Float32);
        var scale = wide.square().mean([1], true).add_(model.Config.RmsNormEpsilon).rsqrt_();
        return wide.mul(scale).to(model.ScalarType).mul_(weight);
    }

    /// <summary>Rotates, stores K and V, and attends. Gives [count, heads × head].</summary>
    private Tensor Attend(
        Tensor projected, int layer, int past, (Tensor Cosines, Tensor Sines) factors, Tensor? mask, Tensor? rows, long firstRow)
    {
        var config = model.Config;
        var (count, head) = ((int)projected.shape[0], (long)config.HeadDim);
        var rotating = config.Heads + config.KvHeads;
        var heads = projected.view(count, rotating + config.KvHeads, head);
        var rotated = _rotary
            .Apply(heads.narrow(1, 0, rotating).to(ScalarType.Float32), factors.Cosines, factors.Sines)
            .to(model.ScalarType);
        Store(layer, 0, past, rotated.narrow(1, config.Heads, config.KvHeads));
        Store(layer, 1, past, heads.narrow(1, rotating, config.KvHeads));

        // Query heads [kv head, group] share the KV head. For one token the group is the rows of one product, so that KV
        // is read once; for a chunk the group is a batch whose K and V are the same memory (stride 0).
        var group = config.Heads / config.KvHeads;
        var query = rotated.narrow(1, 0, config.Heads).view(count, config.KvHeads, group, head);
        var keys = Gather(layer, 0, past + count, rows, firstRow);
        var values = Gather(layer, 1, past + count, rows, firstRow);
        if (count == 1)
        {
            return functional.scaled_dot_product_attention(query, keys, values).reshape(1, config.Heads * head);
        }

        return functional
            .scaled_dot_product_attention(
                query.permute(2, 1, 0, 3), keys.expand(group, -1, -1, -1), values.expand(group, -1, -1, -1), mask)
            .permute(2, 1, 0, 3)
            .reshape(count, config.Heads * head);
    }

    private void Store(int layer, int stream, int past, Tensor values)
    {
        var count = (int)values.shape[0];
        for (var done = 0; done < count;)
        {
            var (row, run) = table.Run(past + done, count - done);
            pool.Rows(layer, stream).narrow(0, row, run).view(run, values.shape[1], values.shape[2])
                .copy_(values.narrow(0, done, run));
            done += run;
        }
    }

    /// <summary>K or V of the sequence, [1, KV heads, positions, head]: in place where its blocks are consecutive.</summary>
    private Tensor Gather(int layer, int stream, int length, Tensor? rows, long firstRow)
    {
        var all = pool.Rows(layer, stream);
        var sequence = rows is null ? all.narrow(0, firstRow, length) : all.index_select(0, rows);
        return sequence.view(1, length, model.Config.KvHeads, model.Config.HeadDim).transpose(1, 2);
    }

    /// <summary>0 where a row may look, negative infinity where it may not: [1, 1, count, past + count].</summary>
    private Tensor CausalMask(int count, int past) =>
        full([count, past + count], float.NegativeInfinity, model.ScalarType, model.Device)
            .triu_(past + 1)
            .view(1, 1, count, past + count);
}
