namespace Swarm.Tool.Verification;

/// <summary>What was found out about one segment or chunk.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its length; negative when it is missing.</param>
/// <param name="Problem">What is wrong with its header, index or length; or nothing.</param>
internal sealed record ObjectVerdict(string Name, long Length, string? Problem)
{
    /// <summary>Whether there is no such object.</summary>
    public bool IsMissing => Length < 0;

    /// <summary>Payload ranges that its own index names, with what is wrong with each.</summary>
    public Dictionary<(long Offset, int Length, ulong Checksum), string?> Payloads { get; } = [];

    /// <summary>Problems that were put down to a context.</summary>
    public HashSet<string> Claimed { get; } = new(StringComparer.Ordinal);
}
