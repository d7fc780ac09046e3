namespace Swarm.Core.Settings;

/// <summary>
/// The one way in which options are checked: the range of each <see cref="SettingAttribute"/>, then the class's own
/// <see cref="ISettingRules"/>. All faults are found at once.
/// </summary>
/// <remarks>
/// Options from a container are checked by an <c>IValidateOptions</c> over <see cref="FindFaults(object)"/> when the host starts, options
/// that are given in code by <see cref="Require"/>, in the constructor or method that takes them.
/// </remarks>
public static class SettingRules
{
    /// <summary>Checks an options object.</summary>
    /// <param name="options">The settings.</param>
    /// <returns>One sentence for each fault, with the setting, its value, the limit and the remedy; empty when all is well.</returns>
    public static IReadOnlyList<string> FindFaults(object options) => FindFaults(options, static name => name);

    /// <summary>Checks an options object whose settings have other names than its properties, as in configuration or within other options.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="name">Makes of a property's name what the user calls the setting.</param>
    /// <returns>One sentence for each fault, with the setting, its value, the limit and the remedy; empty when all is well.</returns>
    public static IReadOnlyList<string> FindFaults(object options, Func<string, string> name)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(name);
        var ranges = SettingDefinition.Of(options.GetType()).Select(setting => setting.FindFault(options, name(setting.Name))).OfType<string>();
        return [.. ranges, .. (options as ISettingRules)?.FindFaults(name) ?? []];
    }

    /// <summary>What an exception says, for a person who wrote a setting: without the name of a parameter that .NET appends.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Its message.</returns>
    public static string TextOf(ArgumentException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var text = exception.Message;
        var tail = $" (Parameter '{exception.ParamName}')";
        return text.EndsWith(tail, StringComparison.Ordinal) ? text[..^tail.Length] : text;
    }

    /// <summary>Refuses an options object that has faults.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="parameter">Name of the parameter that they came by.</param>
    /// <exception cref="ArgumentException">Settings are wrong; the message names all of them, with value, limit and remedy.</exception>
    public static void Require(object options, string parameter)
    {
        if (FindFaults(options) is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults), parameter);
        }
    }
}
