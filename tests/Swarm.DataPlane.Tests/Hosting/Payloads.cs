using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.DataPlane.Client;
using Swarm.Format.Frames;
using Swarm.Testing.Models;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>Inputs and real KV payloads of a toy model.</summary>
public static class Payloads
{
    /// <summary>A runtime that has computed some positions; each seed gives other KV.</summary>
    public static ToyRuntime Computed(int positions, int rowBytes = 64, int seed = 0)
    {
        var runtime = new ToyRuntime(rowBytes: rowBytes, maxPositions: positions);
        var logits = new float[runtime.VocabularySize];
        for (var position = 0; position < positions; position++)
        {
            runtime.Forward([(position + seed) % 97], logits);
        }

        return runtime;
    }

    public static InputRun Inputs(int first, int count) => new(
        first, Enumerable.Range(first, count).Select(n => n % 97).ToArray(), Enumerable.Repeat(1, count).ToArray());

    public static KvAppend Kv(ToyRuntime runtime, int first, int count)
    {
        var frames = new byte[KvPayload.EncodedLength(runtime.Model.Geometry, first, count)];
        KvPayload.Encode(runtime.Model.Geometry, first, count, runtime.ReadKv, frames);
        return new KvAppend(first, count, new BlockHash(Digest256.Sha256(BitConverter.GetBytes(first + count))), frames);
    }

    public static async Task<Task<Watermarks>> SendKvAsync(
        DataPlaneSession session, ToyRuntime runtime, int first, int count, CancellationToken token)
    {
        var kv = Kv(runtime, first, count);
        await session.ReserveKvAsync(kv.Frames.Length, kv.Frames.Length, token);
        return await session.SendKvAsync(kv, token);
    }
}
