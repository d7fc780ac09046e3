namespace Swarm.Storage.Tiers;

/// <summary>A counted hold on tier memory. <see cref="Memory"/> must not be used after disposal.</summary>
public sealed class TierLease : IDisposable
{
    private TierBlock? _block;

    internal TierLease(TierBlock block)
    {
        _block = block;
        Memory = block.Memory;
    }

    /// <summary>The bytes.</summary>
    public Memory<byte> Memory { get; }

    internal TierBlock Block => _block ?? throw new ObjectDisposedException(nameof(TierLease));

    /// <summary>Another hold on the same memory.</summary>
    /// <returns>A lease to be disposed on its own.</returns>
    /// <exception cref="ObjectDisposedException">This lease was disposed.</exception>
    public TierLease Share() => Block.TryAddReference()
        ? new TierLease(Block)
        : throw new ObjectDisposedException(nameof(TierLease));

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _block, null)?.ReleaseReference();
}
