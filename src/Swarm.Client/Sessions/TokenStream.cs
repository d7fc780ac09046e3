using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using Swarm.Client.Streaming;

namespace Swarm.Client.Sessions;

/// <summary>
/// Tokens that are made when they are asked for, one work item a token on the thread of the session's steps: it chooses the token, hands it over, and
/// computes its step while its reader looks at it.
/// </summary>
/// <remarks>Nothing is made beyond what was handed over. It is asked for one token at a time; a token allocates nothing.</remarks>
/// <param name="driver">The runtime.</param>
/// <param name="turn">The session's turn; the stream is open.</param>
/// <param name="choose">Chooses and records a token, or says <see cref="NoRoom"/>.</param>
/// <param name="compute">Computes what was recorded.</param>
internal sealed class TokenStream(RuntimeDriver driver, SessionTurn turn, Func<int> choose, Action compute) : IValueTaskSource<int>
{
    /// <summary>In place of a token: too much is not durable, so that no step may be taken now.</summary>
    public const int NoRoom = -1;

    // Its reader goes on by the thread pool: it must not hold up the step.
    private ManualResetValueTaskSourceCore<int> _chosen = new() { RunContinuationsAsynchronously = true };
    private Action? _advance;
    private ExceptionDispatchInfo? _fault; // Of the thread of the steps.

    /// <summary>Chooses the next token, once the step of the last one is computed.</summary>
    /// <returns>The token, which is part of the context now, or <see cref="NoRoom"/>.</returns>
    public ValueTask<int> ChooseAsync()
    {
        turn.ThrowIfClosing();
        _chosen.Reset();
        driver.Post(_advance ??= Advance);
        return new ValueTask<int>(this, _chosen.Version);
    }

    /// <summary>Waits until the step of the last token is computed, and throws what it threw.</summary>
    public async Task EndAsync() => await driver.RunAsync(() =>
    {
        _fault?.Throw();
        return true;
    }).ConfigureAwait(false);

    int IValueTaskSource<int>.GetResult(short token) => _chosen.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _chosen.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _chosen.OnCompleted(continuation, state, token, flags);

    private void Advance()
    {
        turn.EnterStep();
        try
        {
            int token;
            try
            {
                _fault?.Throw();
                token = choose();
            }
            catch (Exception exception)
            {
                _chosen.SetException(exception);
                return;
            }

            _chosen.SetResult(token);
            if (token != NoRoom)
            {
                Compute();
            }
        }
        finally
        {
            turn.Leave();
        }
    }

    private void Compute()
    {
        try
        {
            compute();
        }
        catch (Exception exception)
        {
            _fault = ExceptionDispatchInfo.Capture(exception); // Told with the next token, or at the end.
        }
    }
}
