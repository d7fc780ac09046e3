namespace DroneHandoff.Tokens;

/// <summary>What a reading knows of its position.</summary>
public enum FixKind
{
    /// <summary>Nothing: no GPS fix.</summary>
    None,

    /// <summary>The first fix of the context: its position is the origin.</summary>
    First,

    /// <summary>A displacement.</summary>
    Known,
}
