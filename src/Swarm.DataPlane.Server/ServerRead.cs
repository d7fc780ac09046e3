namespace Swarm.DataPlane.Server;

/// <summary>A read under way: its cancellation and, for KV, the credit that its reader gave.</summary>
/// <remarks>
/// A run is sent when its bytes are covered; one larger than the whole window goes alone, once the reader has given
/// everything back. So a reader holds at most its window, or one run.
/// </remarks>
internal sealed class ServerRead : IDisposable
{
    private readonly CancellationTokenSource _cancellation;
    private readonly Lock _lock = new();
    private readonly long _window;
    private long _credit;
    private long _awaited;
    private TaskCompletionSource? _arrived;

    public ServerRead(long credit, CancellationToken connectionEnded)
    {
        _window = credit;
        _credit = credit;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(connectionEnded);
        Token = _cancellation.Token;
    }

    /// <summary>Cancelled when the answer is not wanted any more.</summary>
    public CancellationToken Token { get; }

    /// <summary>Cancels the read; harmless where its answer has just been completed.</summary>
    public void Cancel()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The answer was sent meanwhile.
        }
    }

    public void AddCredit(long bytes)
    {
        lock (_lock)
        {
            _credit = Math.Min(_credit + bytes, long.MaxValue / 2);
            if (_arrived is not null && IsCovered(_awaited))
            {
                _arrived.TrySetResult();
                _arrived = null;
            }
        }
    }

    public async ValueTask TakeCreditAsync(long bytes)
    {
        while (true)
        {
            Task arrived;
            lock (_lock)
            {
                if (IsCovered(bytes))
                {
                    _credit -= bytes;
                    return;
                }

                _awaited = bytes;
                _arrived ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                arrived = _arrived.Task;
            }

            await arrived.WaitAsync(Token).ConfigureAwait(false);
        }
    }

    public void Dispose() => _cancellation.Dispose();

    private bool IsCovered(long bytes) => _credit >= bytes || _credit >= _window;
}
