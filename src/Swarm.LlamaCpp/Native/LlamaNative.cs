using System.Runtime.InteropServices;

namespace Swarm.LlamaCpp.Native;

/// <summary>Functions of llama.cpp and ggml that LLamaSharp keeps to itself, or wraps in a lock over all models or in copies.</summary>
/// <remarks>Signatures: <c>llama.h</c> and <c>ggml.h</c> of llama.cpp c0c7e147. <see cref="LlamaLibrary"/> resolves the two names.</remarks>
internal static unsafe partial class LlamaNative
{
    public const string Llama = "llama";
    public const string Ggml = "ggml-base";

    /// <summary>A <c>llama_batch</c> of tokens.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TokenBatch
    {
        public int Count;
        public int* Tokens;
        public float* Embeddings;
        public int* Positions;
        public int* SequenceCounts;
        public int** Sequences;
        public byte* WantsLogits;
    }

    [LibraryImport(Llama, EntryPoint = "llama_decode")]
    public static partial int Decode(nint context, TokenBatch batch);

    [LibraryImport(Llama, EntryPoint = "llama_get_logits_ith")]
    public static partial float* GetLogits(nint context, int index);

    [LibraryImport(Llama, EntryPoint = "llama_get_memory")]
    public static partial nint GetMemory(nint context);

    [LibraryImport(Llama, EntryPoint = "llama_memory_clear")]
    public static partial void MemoryClear(nint memory, byte withData);

    [LibraryImport(Llama, EntryPoint = "llama_memory_seq_rm")]
    public static partial byte MemoryRemove(nint memory, int sequence, int first, int end);

    [LibraryImport(Llama, EntryPoint = "llama_memory_seq_cp")]
    public static partial void MemoryCopy(nint memory, int source, int target, int first, int end);

    [LibraryImport(Llama, EntryPoint = "llama_memory_seq_pos_max")]
    public static partial int MemoryLastPosition(nint memory, int sequence);

    [LibraryImport(Llama, EntryPoint = "llama_state_seq_get_size")]
    public static partial nuint StateSize(nint context, int sequence);

    [LibraryImport(Llama, EntryPoint = "llama_state_seq_get_data")]
    public static partial nuint StateGet(nint context, byte* destination, nuint size, int sequence);

    [LibraryImport(Llama, EntryPoint = "llama_state_seq_set_data")]
    public static partial nuint StateSet(nint context, byte* source, nuint size, int sequence);

    [LibraryImport(Llama, EntryPoint = "llama_model_get_vocab")]
    public static partial nint ModelVocabulary(nint model);

    [LibraryImport(Llama, EntryPoint = "llama_vocab_n_tokens")]
    public static partial int VocabularySize(nint vocabulary);

    [LibraryImport(Llama, EntryPoint = "llama_model_is_hybrid")]
    public static partial byte ModelIsHybrid(nint model);

    [LibraryImport(Llama, EntryPoint = "llama_model_rope_type")]
    public static partial int ModelRopeType(nint model);

    [LibraryImport(Llama, EntryPoint = "llama_print_system_info")]
    public static partial byte* SystemInfo();

    [LibraryImport(Ggml, EntryPoint = "ggml_get_name")]
    public static partial byte* TensorName(nint tensor);

    [LibraryImport(Ggml, EntryPoint = "ggml_get_data")]
    public static partial byte* TensorData(nint tensor);

    [LibraryImport(Ggml, EntryPoint = "ggml_blck_size")]
    public static partial long TypeBlockElements(int type);

    [LibraryImport(Ggml, EntryPoint = "ggml_type_size")]
    public static partial nuint TypeBlockBytes(int type);

    [LibraryImport(Ggml, EntryPoint = "ggml_version")]
    public static partial byte* GgmlVersion();

    [LibraryImport(Ggml, EntryPoint = "ggml_commit")]
    public static partial byte* GgmlCommit();

    /// <summary>The text of a C string; empty for none.</summary>
    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
