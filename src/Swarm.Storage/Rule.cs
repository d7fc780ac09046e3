namespace Swarm.Storage;

/// <summary>A rule of the protocol. It is in force; only the test flavour of this assembly can take one away.</summary>
/// <remarks>
/// <c>tests/Swarm.Storage.Rules.Tests</c> compiles these sources with <c>SWARM_TEST_FLAVOUR</c>. In every other build a rule is a constant,
/// and the compiler drops what would follow without it.
/// </remarks>
internal readonly record struct Rule
{
#if SWARM_TEST_FLAVOUR
    private readonly bool _isTakenAway;

    private Rule(bool isTakenAway) => _isTakenAway = isTakenAway;

    /// <summary>Not in force.</summary>
    public static Rule TakenAway { get; } = new(isTakenAway: true);

    /// <summary>Whether it is in force.</summary>
    public static implicit operator bool(Rule rule) => !rule._isTakenAway;
#else
    /// <summary>Whether it is in force.</summary>
    public static implicit operator bool(Rule _) => true;
#endif
}
