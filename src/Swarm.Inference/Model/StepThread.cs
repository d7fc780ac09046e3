using System.Runtime.ExceptionServices;

namespace Swarm.Inference.Model;

/// <summary>The one thread that computes a model's steps, whichever thread asks.</summary>
/// <remarks>
/// OpenMP keeps a team of threads for each thread that calls libtorch, and malloc an arena for each. An agent's loop awaits, and
/// goes on wherever the thread pool has room: every such change would begin with a new team, and memory that was never touched.
/// Callers wait; one step runs at a time.
/// </remarks>
internal sealed unsafe class StepThread : IDisposable
{
    private readonly Lock _turn = new();
    private readonly SemaphoreSlim _asked = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private Call? _call;
    private ExceptionDispatchInfo? _fault;
    private bool _isDisposed;

    public StepThread()
    {
        var thread = new Thread(Work) { IsBackground = true, Name = "swarm-model" };
        thread.Start();
    }

    private sealed record Call(DecoderStep Step, nint Tokens, int TokenCount, int Past, nint Logits, int LogitCount);

    /// <summary>Runs a step, and returns when it is done. Arguments as of <see cref="DecoderStep.Run"/>.</summary>
    public void Run(DecoderStep step, ReadOnlySpan<int> tokens, int past, Span<float> logits)
    {
        fixed (int* firstToken = tokens)
        fixed (float* firstLogit = logits)
        {
            lock (_turn)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                _call = new Call(step, (nint)firstToken, tokens.Length, past, (nint)firstLogit, logits.Length);
                _asked.Release();
                _done.Wait();
                var fault = _fault;
                (_call, _fault) = (null, null);
                fault?.Throw();
            }
        }
    }

    /// <summary>Ends the thread, after the step that is running.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _asked.Release();
            }
        }
    }

    private void Work()
    {
        while (true)
        {
            _asked.Wait();
            if (_call is not { } call)
            {
                return;
            }

            try
            {
                call.Step.Run(
                    new ReadOnlySpan<int>((void*)call.Tokens, call.TokenCount),
                    call.Past,
                    new Span<float>((void*)call.Logits, call.LogitCount));
            }
            catch (Exception fault)
            {
                _fault = ExceptionDispatchInfo.Capture(fault);
            }

            _done.Release();
        }
    }
}
