using System.Globalization;

namespace Swarm;

/// <summary>A session was disposed of before all that it had been given was durable, and no spool keeps the rest.</summary>
/// <remarks>The session is over all the same. <see cref="SessionClose.GivenUp"/> still has the inputs.</remarks>
public sealed class NotDurableException : Exception
{
    internal NotDurableException(string context, string agent, SessionClose close, string remedy)
        : base(Describe(context, agent, close, remedy)) => Close = close;

    /// <summary>How the session ended, with the inputs that are given up.</summary>
    public SessionClose Close { get; }

    private static string Describe(string context, string agent, SessionClose close, string remedy)
    {
        List<string> what = [];
        if (close.GivenUp.Tokens.Length is > 0 and var count)
        {
            what.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{count} of {close.Length} positions, from {close.GivenUp.FirstPosition} on, are not durable"));
        }

        if (close.StatesGivenUp.Count > 0)
        {
            what.Add($"states that are not durable: {string.Join(", ", close.StatesGivenUp)}");
        }

        return $"Agent '{agent}' gave up what it had fed to context '{context}' when its session was disposed of: {string.Join("; ", what)} "
            + $"({close.Reason}). {close.Durable.Tokens} positions are durable, {close.Durable.Kv} of them with KV. {remedy}";
    }
}
