namespace Swarm.Core.Blocks;

/// <summary>Is told of the blocks that a <see cref="PrefixHasher"/> ends.</summary>
public interface IBlockSink
{
    /// <summary>Takes a block.</summary>
    /// <param name="end">First position behind it.</param>
    /// <param name="hash">Its hash.</param>
    void Add(long end, BlockHash hash);
}
