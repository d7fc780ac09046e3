using Swarm.Inference.Cache;
using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>The KV of a runtime's sequence, as the layers of one step see it.</summary>
/// <remarks>What is gathered begins at a block, and so has the same alignment wherever the blocks lie.</remarks>
internal sealed class KvSequence(KvBlockPool pool, BlockTable table, Device device)
{
    private Tensor? _rows; // None where the blocks are consecutive.
    private long _firstRow;
    private int _past;
    private int _length;

    /// <summary>Begins a step; what it makes belongs to the step's scope.</summary>
    /// <param name="past">Positions before the step.</param>
    /// <param name="count">Positions of the step, whose blocks are reserved.</param>
    public void Begin(int past, int count)
    {
        (_past, _length) = (past, past + count);
        _rows = table.IsConsecutive(_length, out _firstRow) ? null : tensor(table.Rows(_length), device: device);
    }

    /// <summary>Writes a stream of the step's positions, [count, heads, head].</summary>
    public void Store(int layer, int stream, Tensor values)
    {
        var count = (int)values.shape[0];
        for (var done = 0; done < count;)
        {
            var (row, run) = table.Run(_past + done, count - done);
            pool.Rows(layer, stream).narrow(0, row, run).view(run, values.shape[1], values.shape[2])
                .copy_(values.narrow(0, done, run));
            done += run;
        }
    }

    /// <summary>A stream of all positions from a block's first one on, [positions, row]: in place where its blocks are consecutive.</summary>
    public Tensor Gather(int layer, int stream, int first)
    {
        var all = pool.Rows(layer, stream);
        return _rows is null
            ? all.narrow(0, _firstRow + first, _length - first)
            : all.index_select(0, first == 0 ? _rows : _rows.narrow(0, first, _length - first));
    }
}
