using System.Text;
using Swarm.Host.Logging;

namespace Swarm.Host.Settings;

/// <summary>Every setting as text, for <c>--help</c>.</summary>
internal static class SettingsHelp
{
    private const int Width = 110;
    private const string Indent = "      ";

    /// <summary>Writes all settings with default, range and meaning, by section.</summary>
    public static string Write()
    {
        var text = new StringBuilder();
        foreach (var setting in BoundSetting.Of(new HostSettings()))
        {
            var standard = setting.Definition.Show(setting.Options);
            Add(text, setting.Path, standard.Length > 0 ? standard : "none", setting.Definition.Range, setting.Definition.Text);
        }

        Add(
            text,
            $"{HostSettings.TenantsSectionName}:NAME",
            "tenant 'default' without a token, on loopback alone",
            "64 hexadecimal digits",
            "The SHA-256 of the tenant's token, one setting for each tenant.");
        Add(
            text,
            $"{LoggingCheck.SectionName}:LogLevel:CATEGORY",
            "see below",
            string.Join(", ", Enum.GetNames<LogLevel>()),
            "What is logged: " + string.Join(", ", LogDefaults.Levels.Select(level => $"{level.Category}={level.Level}")) + ".");
        Add(
            text,
            $"{LoggingCheck.SectionName}:Console:FormatterName",
            LineFormatter.FormatterName,
            "line, simple, json or systemd",
            "How log lines are written. Logging:Console:FormatterOptions:NAME sets an option of the formatter, such as TimestampFormat, "
            + "UseUtcTimestamp or IncludeScopes: they are those of .NET's console formatters.");
        return text.ToString().TrimEnd();
    }

    private static void Add(StringBuilder text, string path, string standard, string range, string meaning)
    {
        text.Append("  ").Append(path).Append("  (default ").Append(standard);
        text.Append(range.Length > 0 ? $"; {range})" : ")").AppendLine();
        var line = new StringBuilder(Indent);
        foreach (var word in meaning.Split(' '))
        {
            if (line.Length + word.Length > Width)
            {
                text.AppendLine(line.ToString().TrimEnd());
                line.Clear().Append(Indent);
            }

            line.Append(word).Append(' ');
        }

        text.AppendLine(line.ToString().TrimEnd());
    }
}
