using System.Collections.ObjectModel;

namespace Swarm.Core.Fleet;

/// <summary>Names with values that describe agents.</summary>
public static class Labels
{
    /// <summary>Most labels of an agent or a policy.</summary>
    public const int MaxCount = 32;

    /// <summary>Longest name or value, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>No labels.</summary>
    public static IReadOnlyDictionary<string, string> None { get; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Checks labels.</summary>
    /// <exception cref="ArgumentException">There are too many, or one is too long or empty.</exception>
    public static void Check(IReadOnlyDictionary<string, string> labels, string parameter)
    {
        ArgumentNullException.ThrowIfNull(labels, parameter);
        if (labels.Count > MaxCount)
        {
            throw new ArgumentException($"{labels.Count} labels; at most {MaxCount} are allowed.", parameter);
        }

        foreach (var (name, value) in labels)
        {
            if (name.Length is 0 or > MaxLength || value is null || value.Length > MaxLength || (name + value).Any(char.IsControl))
            {
                throw new ArgumentException(
                    $"Label '{name}' with value '{value}' is not allowed: a name of 1 to {MaxLength} characters, and a value of at most {MaxLength}, without control characters.",
                    parameter);
            }
        }
    }

    /// <summary>Whether an agent's labels have all of a policy's.</summary>
    public static bool Satisfy(IReadOnlyDictionary<string, string> has, IReadOnlyDictionary<string, string> required) =>
        required.All(label => has.TryGetValue(label.Key, out var value) && value == label.Value);

    /// <summary>Whether two sets of labels are the same.</summary>
    public static bool AreEqual(IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count && Satisfy(left, right);
}
