using Swarm.Core.Settings;

namespace Swarm;

/// <summary>Checks names that came by a parameter of a public method, so that the exception names that parameter.</summary>
internal static class NameArguments
{
    /// <summary>Checks a name.</summary>
    /// <param name="require">The check, such as <see cref="Names.RequireContext"/>.</param>
    /// <param name="value">The name.</param>
    /// <param name="parameter">The caller's parameter.</param>
    /// <returns><paramref name="value"/>.</returns>
    /// <exception cref="ArgumentException">The name is not allowed; the message says why.</exception>
    public static string Check(Func<string, string> require, string value, string parameter)
    {
        ArgumentNullException.ThrowIfNull(value, parameter);
        try
        {
            return require(value);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException(SettingRules.TextOf(exception), parameter);
        }
    }
}
