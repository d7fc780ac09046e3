using Swarm.Core.Settings;

namespace Swarm.Host.Settings;

/// <summary>One setting, and the options object that holds it.</summary>
/// <param name="Path">Its name in configuration, such as <c>Swarm:Log:FlushInterval</c>.</param>
/// <param name="Definition">How it is read, checked and shown.</param>
/// <param name="Options">What holds it.</param>
internal sealed record BoundSetting(string Path, SettingDefinition Definition, object Options)
{
    /// <summary>Every setting but the tenants, by section.</summary>
    /// <param name="settings">What holds them.</param>
    public static IReadOnlyList<BoundSetting> Of(HostSettings settings) => [.. settings.Bound.SelectMany(bound => Of(bound.Section, bound.Options))];

    /// <summary>Every setting of one options object.</summary>
    /// <param name="section">Its section, where a setting does not name another one.</param>
    /// <param name="options">What holds them.</param>
    public static IEnumerable<BoundSetting> Of(string section, object options) => SettingDefinition.Of(options.GetType())
        .Select(setting => new BoundSetting($"{setting.Section ?? section}:{setting.Name}", setting, options));
}
