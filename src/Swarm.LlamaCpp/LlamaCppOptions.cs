using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Settings;

namespace Swarm;

/// <summary>How llama.cpp computes a model. All but logger and name decides bits, and is part of the fingerprint or of the numerics identity.</summary>
public sealed class LlamaCppOptions : ISettingRules
{
    /// <summary>Threads that compute a step. 1 to 512; default: the processors of this process.</summary>
    /// <remarks>Another number gives other bits: set it where machines with other processors go on with each other's contexts.</remarks>
    [Setting("Threads that compute a step; another number gives other bits.", Min = "1", Max = "512")]
    public int Threads { get; set; } = Math.Clamp(Environment.ProcessorCount, 1, 512);

    /// <summary>
    /// Whether attention is computed by llama.cpp's flash attention. Default <see langword="true"/>. Then KV is read from and received into
    /// the cache in place (<see cref="IKvMemory"/>), beside the steps; without it KV is copied by llama.cpp's state functions, between the steps.
    /// </summary>
    [Setting("Whether attention is computed by llama.cpp's flash attention, which lets KV be read beside the steps.")]
    public bool FlashAttention { get; set; } = true;

    /// <summary>Element type of cached keys: <c>f32</c>, <c>f16</c>, <c>bf16</c> or <c>q8_0</c>; default <c>f16</c>. Part of the fingerprint.</summary>
    [Setting("Element type of cached keys.", OneOf = "f32|f16|bf16|q8_0")]
    public string KeyType { get; set; } = "f16";

    /// <summary>
    /// Element type of cached values: <c>f32</c>, <c>f16</c>, <c>bf16</c>, or with flash attention <c>q8_0</c>; default <c>f16</c>. Part of the fingerprint.
    /// </summary>
    [Setting("Element type of cached values.", OneOf = "f32|f16|bf16|q8_0")]
    public string ValueType { get; set; } = "f16";

    /// <summary>
    /// Which of the x64 builds of llama.cpp is used: <c>auto</c> (default) for the best of the processor, or <c>avx512</c>, <c>avx2</c>,
    /// <c>avx</c>, <c>noavx</c>, for the same bits on machines with different processors. Counts for the process: the first model decides.
    /// </summary>
    [Setting("Which x64 build of llama.cpp is used; one for all models of the process.", OneOf = "auto|avx512|avx2|avx|noavx")]
    public string InstructionSet { get; set; } = "auto";

    /// <summary>
    /// Whether threads that wait for each other within a step spin until they may go on. Default <see langword="false"/>: spinning threads take the
    /// processors from all others. Otherwise <c>GOMP_SPINCOUNT=300</c>, a short spin, is set in the process before llama.cpp is loaded,
    /// unless it is set already. Counts for the process: the first model decides. Does not change bits.
    /// </summary>
    [Setting("Whether threads that wait for each other within a step spin until they may go on; one for all models of the process.")]
    public bool IdleThreadsSpin { get; set; }

    /// <summary>
    /// Name or digest of the tokenizer, part of the fingerprint: for models whose tokens are not a text's. Default <see langword="null"/>: the digest of the
    /// file's own vocabulary.
    /// </summary>
    public string? Tokenizer { get; set; }

    /// <summary>Name for people; default <see langword="null"/>: the file's, without its extension. Not part of the fingerprint.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// Receives what llama.cpp logs: some 170 lines of debug level for each model. Default: nothing. llama.cpp has one log for the process: the logger of the
    /// model that was loaded last gets it.
    /// </summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <inheritdoc/>
    public IEnumerable<string> FindFaults(Func<string, string> name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!FlashAttention && ValueType == "q8_0")
        {
            yield return $"{name(nameof(ValueType))} 'q8_0' needs flash attention, and {name(nameof(FlashAttention))} is false. Set it to true, or take f16.";
        }
    }
}
