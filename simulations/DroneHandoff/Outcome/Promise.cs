namespace DroneHandoff.Outcome;

/// <summary>One thing that must hold, and whether it did.</summary>
/// <param name="Text">What must hold, with the numbers.</param>
/// <param name="IsKept">Whether it did.</param>
internal sealed record Promise(string Text, bool IsKept);
