namespace Swarm.Storage.Blobs;

/// <summary>Space that a store keeps back for small writes that make room: on a full volume, nothing could be collected otherwise.</summary>
public static class ReservedSpace
{
    private static readonly AsyncLocal<bool> _isAllowed = new();

    /// <summary>Whether a write that is begun now may use it.</summary>
    public static bool IsAllowed => _isAllowed.Value;

    /// <summary>Allows it to the present asynchronous method, and to what that calls.</summary>
    public static void Allow() => _isAllowed.Value = true;
}
