
namespace Swarm.EndToEnd.Agent;

/// <summary>
/// What a standby does before it calls itself ready: it hands a scratch context over to itself, so that its first real take-over
/// runs code that is compiled, on a connection that is made.
/// </summary>
internal static class Preflight
{
    private const string Prefix = "preflight/";

    /// <summary>Whether a context is one of these.</summary>
    public static bool IsOf(string context) => context.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Runs it.</summary>
    /// <param name="swarm">The silos.</param>
    /// <param name="name">The process: its scratch context is its own.</param>
    public static async Task RunAsync(SwarmClient swarm, string name)
    {
        var context = Prefix + name;
        await using (var before = await swarm.Agent($"{name}-before").OpenAsync(
            context, Script.NewRuntime(), new MemoryOptions { HandoffPolicy = HandoffPolicy.Never }))
        {
            await before.FeedAsync(Enumerable.Range(1, 3).ToArray());
            await before.GenerateAsync(2);
            await before.ReleaseAsync();
        }

        await using var after = await swarm.Agent($"{name}-after").TakeOverAsync(context, Script.NewRuntime(), TakeOver.Now);
        await after.GenerateAsync(2);
        await after.ReleaseAsync();
    }
}
