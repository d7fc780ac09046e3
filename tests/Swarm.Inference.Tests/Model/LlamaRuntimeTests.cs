using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Inference.Tests.Model;

/// <summary>The contract of a KV runtime, in fp32; and that steps leave nothing behind.</summary>
public class LlamaRuntimeTests : KvRuntimeContract, IDisposable
{
    private readonly Stack<IDisposable> _made = new();

    /// <summary>Element type of the model.</summary>
    protected virtual KvDType DType => KvDType.Float32;

    public void Dispose()
    {
        while (_made.TryPop(out var made))
        {
            made.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Forward_ThousandsOfSteps_DoNotGrowNativeMemory()
    {
        // The process has other reasons to grow, such as .NET's own heap; a leak alone grows at every look.
        const long AllowedGrowth = 4 << 20;
        const int Looks = 6;
        using var model = Samples.Model(DType);
        using var runtime = model.CreateRuntime(64);
        var logits = new float[runtime.VocabularySize];
        Steps(500);
        var tensors = TorchSharp.torch.Tensor.TotalCount;
        var growths = new List<long>();
        while (growths.Count < Looks && growths.TrueForAll(growth => growth >= AllowedGrowth))
        {
            var before = Environment.WorkingSet;
            Steps(2000);
            growths.Add(Environment.WorkingSet - before);
        }

        Assert.True(growths[^1] < AllowedGrowth, $"2000 steps made the process grow by {string.Join(", ", growths)} bytes.");
        Assert.Equal(tensors, TorchSharp.torch.Tensor.TotalCount);

        void Steps(int count)
        {
            for (var step = 0; step < count; step++)
            {
                runtime.Forward([step % 97, 5], logits);
                runtime.Truncate(step % 32);
            }
        }
    }

    protected override IKvRuntime Create(int maxPositions, int maxStepTokens = 512)
    {
        var model = Samples.Model(DType);
        var runtime = model.CreateRuntime(maxPositions, maxStepTokens);
        _made.Push(model);
        _made.Push(runtime);
        return runtime;
    }
}
