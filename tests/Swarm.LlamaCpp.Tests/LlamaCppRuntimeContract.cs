using Swarm.Gguf;
using Swarm.Testing;
using Swarm.Testing.Models;

namespace Swarm.LlamaCpp.Tests;

/// <summary>The contract of a KV runtime over llama.cpp, with one model and one setting of it.</summary>
public abstract class LlamaCppRuntimeContract : KvRuntimeContract, IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly Stack<IDisposable> _made = new();

    /// <summary>The model.</summary>
    protected virtual RandomGguf Model => new();

    /// <summary>How it is computed.</summary>
    protected abstract LlamaCppOptions Options { get; }

    /// <summary>Whether KV is received in place.</summary>
    protected virtual bool IsInPlace => true;

    public void Dispose()
    {
        while (_made.TryPop(out var made))
        {
            made.Dispose();
        }

        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override IKvRuntime Create(int maxPositions, int maxStepTokens = 512)
    {
        var path = _folder.Combine("model.gguf");
        if (!File.Exists(path))
        {
            Model.Write(path);
        }

        var model = LlamaCppModel.Load(path, Options);
        _made.Push(model);
        var runtime = model.CreateRuntime(maxPositions, maxStepTokens);
        _made.Push(runtime);
        Xunit.Assert.Equal(IsInPlace, runtime.Memory is not null);
        return runtime;
    }
}

/// <summary>Flash attention, F16: the default.</summary>
public sealed class FlashFloat16Tests : LlamaCppRuntimeContract
{
    protected override LlamaCppOptions Options => new() { Threads = 2 };
}

/// <summary>Flash attention, BF16, a quantized model of odd shape, one thread.</summary>
public sealed class FlashBFloat16Tests : LlamaCppRuntimeContract
{
    protected override RandomGguf Model => new(Layers: 2, Width: 160, Heads: 5, KvHeads: 1, HeadDim: 64, FeedForward: 224, Vocabulary: 131, Type: GgufTensorType.Q8_0, Seed: 2);

    protected override LlamaCppOptions Options => new() { Threads = 1, KeyType = "bf16", ValueType = "bf16" };
}

/// <summary>Flash attention, quantized KV, which llama.cpp rotates where heads are multiples of 64.</summary>
public sealed class FlashQuantizedTests : LlamaCppRuntimeContract
{
    protected override RandomGguf Model => new(Heads: 3, KvHeads: 3, HeadDim: 64, Seed: 3);

    protected override LlamaCppOptions Options => new() { Threads = 1, KeyType = "q8_0", ValueType = "q8_0" };
}

/// <summary>Without flash attention, F16: values are transposed in the cache.</summary>
public sealed class PlainFloat16Tests : LlamaCppRuntimeContract
{
    protected override LlamaCppOptions Options => new() { Threads = 2, FlashAttention = false };

    protected override bool IsInPlace => false;
}

/// <summary>Without flash attention, F32.</summary>
public sealed class PlainFloat32Tests : LlamaCppRuntimeContract
{
    protected override RandomGguf Model => new(Layers: 5, Width: 72, Heads: 6, KvHeads: 3, HeadDim: 24, FeedForward: 100, Vocabulary: 101, Seed: 4);

    protected override LlamaCppOptions Options => new() { Threads = 1, FlashAttention = false, KeyType = "f32", ValueType = "f32" };

    protected override bool IsInPlace => false;
}

/// <summary>Layers with a window and without: two caches in llama.cpp.</summary>
public sealed class WindowedTests : LlamaCppRuntimeContract
{
    protected override RandomGguf Model => new(Layers: 7, HeadDim: 48, Seed: 5) { Architecture = "gemma3", Window = 32 };

    protected override LlamaCppOptions Options => new() { Threads = 1 };
}

/// <summary>Layers with a window and without, values transposed.</summary>
public sealed class WindowedPlainTests : LlamaCppRuntimeContract
{
    protected override RandomGguf Model => new(Layers: 7, HeadDim: 48, Seed: 5) { Architecture = "gemma3", Window = 32 };

    protected override LlamaCppOptions Options => new() { Threads = 1, FlashAttention = false };

    protected override bool IsInPlace => false;
}

/// <summary>Latent attention: keys alone.</summary>
public sealed class LatentTests : LlamaCppRuntimeContract
{
    protected override RandomGguf Model => new(HeadDim: 32, Seed: 6) { Architecture = "deepseek2" };

    protected override LlamaCppOptions Options => new() { Threads = 1 };
}
