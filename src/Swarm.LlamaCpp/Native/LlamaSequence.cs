using System.Runtime.InteropServices;
using LLama.Native;

namespace Swarm.LlamaCpp.Native;

/// <summary>
/// A llama.cpp context that holds one sequence, number 0; number 1 is empty but while a range is read or a state is taken in. Cell <c>i</c> of its cache holds
/// position <c>i</c>: other orders would give other bits.
/// </summary>
/// <remarks>One thread at a time. Nothing here checks its arguments: the caller does, for llama.cpp ends the process on some wrong ones.</remarks>
internal sealed unsafe class LlamaSequence : IDisposable
{
    private const int Sequence = 0;
    private const int Passing = 1;
    private const int Sequences = 2;

    private readonly SafeLLamaContextHandle _handle;
    private readonly nint _context;
    private readonly nint _memory;
    private readonly byte* _batchMemory;
    private LlamaNative.TokenBatch _batch;

    /// <summary>Makes the context.</summary>
    /// <exception cref="LlamaCppException">llama.cpp cannot, as where memory is short.</exception>
    public LlamaSequence(SafeLlamaModelHandle model, ComputeSettings settings, int positions, int stepTokens)
    {
        var parameters = LLamaContextParams.Default();
        parameters.n_ctx = (uint)positions;
        parameters.n_batch = (uint)stepTokens;
        parameters.n_ubatch = (uint)stepTokens;
        parameters.n_seq_max = Sequences;
        parameters.n_threads = settings.Threads;
        parameters.n_threads_batch = settings.Threads;
        parameters.llama_flash_attn_type =
            settings.FlashAttention ? LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_ENABLED : LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_DISABLED;
        parameters.type_k = (GGMLType)settings.KeyType;
        parameters.type_v = (GGMLType)settings.ValueType;
        parameters.cb_eval = CacheNodes.Callback;
        parameters.embeddings = false;
        parameters.offload_kqv = false;
        parameters.op_offload = false;
        parameters.no_perf = true;
        parameters.swa_full = true;
        parameters.kv_unified = true;
        _handle = LlamaLog.Listen(() => model.CreateContext(parameters), out var complaints);
        if (_handle.IsInvalid || _handle.ContextSize < positions)
        {
            if (_handle.IsInvalid)
            {
                model.DangerousRelease(); // What LLamaSharp took for a context that there is not.
            }

            _handle.Dispose();
            throw new LlamaCppException(
                $"llama.cpp cannot make a cache of {positions} positions with steps of {stepTokens} tokens, {settings}. It says {complaints}. "
                + "Take fewer positions, another type of KV, or a machine with more memory.");
        }

        _context = _handle.DangerousGetHandle(); // Valid until Dispose, which owns it.
        _memory = LlamaNative.GetMemory(_context);
        _batchMemory = (byte*)NativeMemory.AllocZeroed((nuint)((stepTokens * (sizeof(nint) + (3 * sizeof(int)) + 1)) + sizeof(nint)));
        FillBatch(stepTokens);
    }

    /// <summary>Computes a step behind the positions that are there.</summary>
    /// <returns>0, or llama.cpp's code for what failed; then nothing of the step is left.</returns>
    public int Decode(ReadOnlySpan<int> tokens, int firstPosition)
    {
        for (var index = 0; index < tokens.Length; index++)
        {
            _batch.Tokens[index] = tokens[index];
            _batch.Positions[index] = firstPosition + index;
            _batch.WantsLogits[index] = 0;
        }

        _batch.WantsLogits[tokens.Length - 1] = 1;
        _batch.Count = tokens.Length;
        var code = LlamaNative.Decode(_context, _batch);
        if (code != 0)
        {
            LlamaNative.MemoryRemove(_memory, Sequence, firstPosition, -1);
        }

        return code;
    }

    /// <summary>Logits of the last step's last position; valid until the next step.</summary>
    public ReadOnlySpan<float> Logits(int count)
    {
        var logits = LlamaNative.GetLogits(_context, -1);
        return logits is null ? [] : new ReadOnlySpan<float>(logits, count);
    }

    /// <summary>Forgets positions from one on.</summary>
    /// <returns>Whether llama.cpp could.</returns>
    public bool Truncate(int length) => LlamaNative.MemoryRemove(_memory, Sequence, length, -1) != 0;

    /// <summary>Forgets all, and clears the cache's memory.</summary>
    public void Clear() => LlamaNative.MemoryClear(_memory, 1);

    /// <summary>The state of some positions that are there.</summary>
    /// <returns>Its bytes in the buffer; 0 where llama.cpp gave none.</returns>
    public long Read(int first, int count, NativeBuffer buffer)
    {
        LlamaNative.MemoryCopy(_memory, Sequence, Passing, first, first + count);
        var size = LlamaNative.StateSize(_context, Passing);
        buffer.Reserve((long)size);
        var read = LlamaNative.StateGet(_context, buffer.Start, size, Passing);
        LlamaNative.MemoryRemove(_memory, Passing, -1, -1);
        return read == size ? (long)read : 0;
    }

    /// <summary>Takes a state in, behind the positions that are there.</summary>
    /// <returns>Whether llama.cpp took all of it; if not, nothing was changed.</returns>
    public bool Append(NativeBuffer buffer, long bytes)
    {
        var taken = LlamaNative.StateSet(_context, buffer.Start, (nuint)bytes, Passing);
        if (taken == (nuint)bytes)
        {
            LlamaNative.MemoryCopy(_memory, Passing, Sequence, -1, -1);
        }

        LlamaNative.MemoryRemove(_memory, Passing, -1, -1);
        return taken == (nuint)bytes;
    }

    /// <summary>The last position that is there, or -1.</summary>
    public int LastPosition => LlamaNative.MemoryLastPosition(_memory, Sequence);

    /// <inheritdoc/>
    public void Dispose()
    {
        _handle.Dispose();
        NativeMemory.Free(_batchMemory);
    }

    // Pointers first, so that all are aligned.
    private void FillBatch(int tokens)
    {
        var next = _batchMemory;
        _batch.Sequences = (int**)next;
        next += tokens * sizeof(nint);
        var sequence = (int*)next; // 0, for all.
        next += sizeof(nint);
        _batch.Tokens = (int*)next;
        next += tokens * sizeof(int);
        _batch.Positions = (int*)next;
        next += tokens * sizeof(int);
        _batch.SequenceCounts = (int*)next;
        next += tokens * sizeof(int);
        _batch.WantsLogits = next;
        for (var index = 0; index < tokens; index++)
        {
            _batch.SequenceCounts[index] = 1;
            _batch.Sequences[index] = sequence;
        }
    }
}
