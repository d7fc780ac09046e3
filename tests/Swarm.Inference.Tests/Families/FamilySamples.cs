using Swarm.Inference.Configuration;
using Xunit;

namespace Swarm.Inference.Tests.Families;

/// <summary>Small models of odd shapes, at least three of each family; windows are smaller than, as large as and larger than a block of KV.</summary>
internal static class FamilySamples
{
    private static readonly LlamaConfig Base = new()
    {
        VocabularySize = 89,
        HiddenSize = 48,
        IntermediateSize = 76,
        Layers = 3,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 12,
        MaxPositions = 1024,
        RmsNormEpsilon = 1e-6,
    };

    private static readonly LayerSet All = new(0, 1, 2);

    private static readonly YarnRopeScaling Yarn = new(8, 128);

    private static readonly Dictionary<string, LlamaConfig> Configs = new()
    {
        ["llama"] = Base,
        ["llama-mha-llama3"] = Base with { Heads = 3, KvHeads = 3, HeadDim = 16, RopeTheta = 50_000, RopeScaling = new Llama3RopeScaling(8, 1, 4, 256) },
        ["llama-mqa-linear"] = Base with { Heads = 5, KvHeads = 1, HeadDim = 10, TiedEmbeddings = true, RopeScaling = new LinearRopeScaling(3) },
        ["llama-yarn"] = Base with { HeadDim = 16, RopeScaling = Yarn },

        ["mistral"] = Base with { Family = ModelFamily.Mistral },
        ["mistral-window-7"] = Base with { Family = ModelFamily.Mistral, SlidingWindow = 7, WindowedLayers = All },
        ["mistral-window-64"] = Base with { Family = ModelFamily.Mistral, Heads = 6, KvHeads = 3, HeadDim = 8, SlidingWindow = 64, WindowedLayers = All },
        ["mistral-window-71"] = Base with { Family = ModelFamily.Mistral, Heads = 5, KvHeads = 1, HeadDim = 14, SlidingWindow = 71, WindowedLayers = All },

        ["qwen2"] = Base with { Family = ModelFamily.Qwen2, RopeTheta = 1e6 },
        ["qwen2-window"] = Base with { Family = ModelFamily.Qwen2, Heads = 3, KvHeads = 3, HeadDim = 16, SlidingWindow = 33, WindowedLayers = new(1, 2) },
        ["qwen2-yarn"] = Base with { Family = ModelFamily.Qwen2, Heads = 6, KvHeads = 2, HeadDim = 8, TiedEmbeddings = true, RopeTheta = 1e6, RopeScaling = Yarn },

        ["qwen3"] = Base with { Family = ModelFamily.Qwen3, HeadDim = 18 },
        ["qwen3-bias"] = Base with { Family = ModelFamily.Qwen3, Heads = 5, KvHeads = 1, HeadDim = 10, AttentionBias = true, TiedEmbeddings = true },
        ["qwen3-yarn"] = Base with
        {
            Family = ModelFamily.Qwen3,
            Heads = 6,
            KvHeads = 3,
            HeadDim = 16,
            RopeTheta = 1e6,
            RopeScaling = Yarn with { BetaFast = 20, BetaSlow = 2, Truncate = false, GivenAttentionFactor = 1.3 },
        },

        ["gemma3"] = Gemma with { SlidingWindow = 7, WindowedLayers = new(0, 1) },
        ["gemma3-linear"] = Gemma with
        {
            Heads = 3,
            KvHeads = 3,
            HeadDim = 20,
            QueryPreAttentionScalar = 12,
            SlidingWindow = 64,
            WindowedLayers = new(0, 2),
            RopeScaling = new LinearRopeScaling(8),
            TiedEmbeddings = false,
        },
        ["gemma3-mqa"] = Gemma with
        {
            Layers = 4,
            Heads = 5,
            KvHeads = 1,
            HeadDim = 14,
            QueryPreAttentionScalar = 14,
            SlidingWindow = 90,
            WindowedLayers = new(0, 1, 2),
        },

        ["gemma3-sixth"] = Gemma with { Layers = 7, SlidingWindow = 20, WindowedLayers = new(0, 1, 2, 3, 4, 6) }, // As llama.cpp has it.

        ["deepseek2-lite"] = Deepseek(ModelFamily.DeepSeekV2, new LatentShape(null, 20, 10, 6, 14)),
        ["deepseek2"] = Deepseek(ModelFamily.DeepSeekV2, new LatentShape(28, 24, 8, 8, 12)) with { Heads = 3, KvHeads = 3 },
        ["deepseek2-yarn"] = Deepseek(ModelFamily.DeepSeekV2, new LatentShape(18, 22, 6, 12, 10)) with
        {
            RopeScaling = Yarn with { Mscale = 0.707, MscaleAllDim = 0.707 },
        },
        ["deepseek3"] = Deepseek(ModelFamily.DeepSeekV3, new LatentShape(26, 16, 12, 4, 9)) with { Heads = 5, KvHeads = 5 },
        ["deepseek3-yarn"] = Deepseek(ModelFamily.DeepSeekV3, new LatentShape(null, 30, 14, 10, 16)) with
        {
            RopeScaling = Yarn with { Factor = 40, Mscale = 1, MscaleAllDim = 0.8 },
        },
        ["deepseek3-deep"] = Deepseek(ModelFamily.DeepSeekV3, new LatentShape(17, 21, 5, 6, 7)) with { Layers = 5, Heads = 2, KvHeads = 2 },
    };

    /// <summary>Names of all samples.</summary>
    public static TheoryData<string> Names => [.. Configs.Keys];

    private static LlamaConfig Gemma => Base with
    {
        Family = ModelFamily.Gemma3,
        HeadDim = 16,
        RopeTheta = 1e6,
        WindowRopeTheta = 10_000,
        QueryPreAttentionScalar = 16,
        TiedEmbeddings = true,
    };

    /// <summary>The configuration of a sample.</summary>
    public static LlamaConfig Config(string name, KvDType dtype = KvDType.Float32) => Configs[name] with { DType = dtype };

    /// <summary>A sample with random weights.</summary>
    public static LlamaModel Model(string name, ulong seed = 3, KvDType dtype = KvDType.Float32) =>
        LlamaModel.CreateRandom(Config(name, dtype), seed, name, "tokenizer");

    /// <summary>Random tokens that every sample knows.</summary>
    public static int[] Tokens(int count, int seed) => Samples.Tokens(count, seed, Base.VocabularySize);

    private static LlamaConfig Deepseek(ModelFamily family, LatentShape latent) => Base with
    {
        Family = family,
        Latent = latent,
        KvHeads = 4,
        HeadDim = latent.HeadDim,
    };
}
