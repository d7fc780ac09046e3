namespace Swarm.Testing.Faults;

/// <summary>The operations of a blob store.</summary>
public enum BlobOperation
{
    Create,
    Replace,
    Read,
    List,
    Delete,
}
