namespace Swarm.Storage.Hosting;

/// <summary>KV appends of one incarnation: several are uploaded at the same time, and queued in the order of their calls. Lives on the store's loop.</summary>
/// <param name="gate">Appends enter by it, one by one, in the order of their calls.</param>
internal sealed class KvAppendQueue(ContextGate gate)
{
    private Task _last = Task.CompletedTask;
    private int _pending;

    /// <summary>Appends enter one by one, in the order of their calls; whoever holds it sees no other enter.</summary>
    public ContextGate Gate { get; } = gate;

    /// <summary>Whether nothing is under way.</summary>
    public bool IsIdle => _pending == 0;

    /// <summary>Position behind what is under way; of no meaning when nothing is.</summary>
    public long End { get; private set; }

    /// <summary>Enters an append that goes to a position. The caller holds <see cref="Gate"/>, and ends the turn whatever happens.</summary>
    public Turn Enter(long end)
    {
        var turn = new Turn(this, _last);
        (_last, End) = (turn.Over, end);
        _pending++;
        return turn;
    }

    /// <summary>Waits until all that entered is over. The caller holds <see cref="Gate"/>, so that nothing enters meanwhile.</summary>
    public Task WaitUntilIdleAsync() => _last;

    /// <summary>An append under way.</summary>
    internal sealed class Turn(KvAppendQueue queue, Task before) : IAsyncDisposable
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when this turn and all before it are over.</summary>
        public Task Over => _over.Task;

        /// <summary>Whether none has entered behind it.</summary>
        public bool IsLast => queue._last == Over;

        /// <summary>Waits until all that entered before is over: queued, or refused.</summary>
        public Task WaitForThoseBeforeAsync() => before;

        /// <summary>Lets the next one go on, once those before are over.</summary>
        public async ValueTask DisposeAsync()
        {
            await before;
            queue._pending--;
            _over.SetResult();
        }
    }
}
