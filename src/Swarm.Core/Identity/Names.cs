using System.Buffers;

namespace Swarm;

/// <summary>What names people may give, and the check that says so clearly.</summary>
public static class Names
{
    /// <summary>Longest tenant name, in characters.</summary>
    public const int MaxTenantLength = 64;

    /// <summary>Longest agent name, in characters.</summary>
    public const int MaxAgentLength = 128;

    /// <summary>Longest context name, in characters.</summary>
    public const int MaxContextLength = 256;

    /// <summary>Longest name of a state, in characters.</summary>
    public const int MaxStateLength = 64;

    /// <summary>Names of states that begin so are Swarm's own: no agent may set them, and none sees them.</summary>
    public const string ReservedStatePrefix = "swarm/";

    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private static readonly SearchValues<char> Path =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_./");

    /// <summary>Checks a tenant name: 1 to 64 of [a-z0-9-].</summary>
    /// <param name="name">The name to check.</param>
    /// <returns><paramref name="name"/>.</returns>
    /// <exception cref="ArgumentException">The name is not allowed; the message says why.</exception>
    public static string RequireTenant(string name) => Require(name, "tenant", MaxTenantLength, Plain, "[a-z0-9-]");

    /// <summary>Checks an agent name: 1 to 128 of [a-z0-9-].</summary>
    /// <inheritdoc cref="RequireTenant"/>
    public static string RequireAgent(string name) => Require(name, "agent", MaxAgentLength, Plain, "[a-z0-9-]");

    /// <summary>Checks a context name: 1 to 256 of [a-z0-9-_./].</summary>
    /// <inheritdoc cref="RequireTenant"/>
    public static string RequireContext(string name) =>
        Require(name, "context", MaxContextLength, Path, "[a-z0-9-_./]");

    /// <summary>Checks a state name: 1 to 64 of [a-z0-9-_./].</summary>
    /// <inheritdoc cref="RequireTenant"/>
    public static string RequireState(string name) => Require(name, "state", MaxStateLength, Path, "[a-z0-9-_./]");

    /// <summary>Checks the name of a state that an agent sets: as <see cref="RequireState"/>, and not reserved.</summary>
    /// <inheritdoc cref="RequireTenant"/>
    public static string RequireAgentState(string name) => IsReservedState(RequireState(name))
        ? throw new ArgumentException(
            $"The state name '{name}' begins with '{ReservedStatePrefix}', which is reserved; choose another beginning.", nameof(name))
        : name;

    /// <summary>Whether a state is Swarm's own.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsReservedState(string name) => name.StartsWith(ReservedStatePrefix, StringComparison.Ordinal);

    private static string Require(string name, string what, int maxLength, SearchValues<char> allowed, string shown)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 || name.Length > maxLength)
        {
            throw new ArgumentException(
                $"The {what} name '{name}' has {name.Length} characters; 1 to {maxLength} are allowed.", nameof(name));
        }

        var wrong = name.AsSpan().IndexOfAnyExcept(allowed);
        return wrong < 0
            ? name
            : throw new ArgumentException(
                $"The {what} name '{name}' has '{name[wrong]}' at character {wrong + 1}; allowed are {shown}.",
                nameof(name));
    }
}
