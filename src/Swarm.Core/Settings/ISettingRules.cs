namespace Swarm.Core.Settings;

/// <summary>An options class with rules that the range of a single setting does not say, such as one between two of them.</summary>
/// <remarks>Implement it beside the settings, so that all rules of a class are in one place; <see cref="SettingRules"/> checks them.</remarks>
public interface ISettingRules
{
    /// <summary>Checks these rules; ranges are checked elsewhere, and may be broken.</summary>
    /// <param name="name">Makes of a property's name what the user calls the setting.</param>
    /// <returns>One sentence for each fault, with the setting, its value, the limit and the remedy; none when all is well.</returns>
    IEnumerable<string> FindFaults(Func<string, string> name);
}
