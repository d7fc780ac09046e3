using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;

namespace Swarm.Core.Settings;

/// <summary>One setting of an options class, as its <see cref="SettingAttribute"/> says: how it is read, checked and shown.</summary>
public sealed class SettingDefinition
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<SettingDefinition>> _ofTypes = new();
    private readonly SettingAttribute _attribute;
    private readonly PropertyInfo _property;
    private readonly long _min;
    private readonly long _max;

    private SettingDefinition(PropertyInfo property, SettingAttribute attribute)
    {
        _property = property;
        _attribute = attribute;
        Kind = KindOf(property);
        _min = attribute.Min is { } min ? Limit(min) : 0;
        _max = attribute.Max is { } max ? Limit(max) : property.PropertyType == typeof(int) ? int.MaxValue : long.MaxValue;
    }

    /// <summary>Its name.</summary>
    public string Name => _property.Name;

    /// <summary>What it is for.</summary>
    public string Text => _attribute.Text;

    /// <summary>Configuration section, where it is not the one of the class; otherwise <see langword="null"/>.</summary>
    public string? Section => _attribute.Section;

    /// <summary>How it is written.</summary>
    public SettingKind Kind { get; }

    /// <summary>The allowed values, such as <c>64KiB to 64MiB</c>; empty for any text.</summary>
    public string Range => Kind switch
    {
        SettingKind.Text => _attribute.OneOf?.Replace("|", " or ", StringComparison.Ordinal) ?? "",
        SettingKind.Flag => "true or false",
        _ when _attribute.Max is null => $"{ShowNumber(_min)} or more",
        _ => $"{ShowNumber(_min)} to {ShowNumber(_max)}",
    };

    private string Default => Show(Activator.CreateInstance(_property.DeclaringType!, nonPublic: true)!);

    private string Remedy => $"set it within that range, or leave it at its default, {Default}.";

    private string Forms => Kind switch
    {
        SettingKind.Size => ByteSize.Forms,
        SettingKind.Time => Duration.Forms,
        SettingKind.Number => "a whole number",
        SettingKind.Flag => "a flag",
        _ => "a text",
    };

    /// <summary>All settings of an options class, in the order of its code.</summary>
    /// <param name="options">The class.</param>
    public static IReadOnlyList<SettingDefinition> Of(Type options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _ofTypes.GetOrAdd(options, static type =>
        [
            .. type.GetProperties()
                .Select(property => (Property: property, Attribute: property.GetCustomAttribute<SettingAttribute>()))
                .Where(setting => setting.Attribute is not null)
                .OrderBy(setting => setting.Property.MetadataToken)
                .Select(setting => new SettingDefinition(setting.Property, setting.Attribute!)),
        ]);
    }

    /// <summary>Checks the setting against its range.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="name">What the fault calls the setting.</param>
    /// <returns>One sentence, or <see langword="null"/> when all is well.</returns>
    public string? FindFault(object options, string name) => Check(_property.GetValue(options), name);

    /// <summary>Reads a value and sets it, if it is in range.</summary>
    /// <param name="options">The settings; changed.</param>
    /// <param name="text">What the user wrote.</param>
    /// <param name="name">What the fault calls the setting.</param>
    /// <returns>One sentence with name, value, range and accepted forms, or <see langword="null"/> when it was set.</returns>
    public string? TrySet(object options, string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!TryParse(text, out var value))
        {
            return $"{name} is '{text}'; {Forms} is needed, {Range}.";
        }

        if (Check(value, name) is { } fault)
        {
            return fault;
        }

        _property.SetValue(options, _property.PropertyType == typeof(int) ? (int)(long)value : value);
        return null;
    }

    /// <summary>The setting's value, in a form that can be read again; empty where there is none.</summary>
    /// <param name="options">The settings.</param>
    public string Show(object options) => _property.GetValue(options) switch
    {
        null => "",
        TimeSpan time => Duration.Format(time),
        bool flag => flag ? "true" : "false",
        string text => text,
        var number => ShowNumber(Convert.ToInt64(number, CultureInfo.InvariantCulture)),
    };

    private static SettingKind KindOf(PropertyInfo property)
    {
        var type = property.PropertyType;
        if (property.SetMethod is not { IsPublic: true })
        {
            throw new NotSupportedException($"{property.DeclaringType}.{property.Name} is a setting and cannot be set.");
        }

        return type switch
        {
            _ when type == typeof(string) => SettingKind.Text,
            _ when type == typeof(bool) => SettingKind.Flag,
            _ when type == typeof(TimeSpan) => SettingKind.Time,
            _ when type != typeof(int) && type != typeof(long) => throw new NotSupportedException(
                $"{property.DeclaringType}.{property.Name} is a setting of type {type}, which cannot be read."),
            _ when property.Name.Contains("Bytes", StringComparison.Ordinal) => SettingKind.Size,
            _ => SettingKind.Number,
        };
    }

    private string? Check(object? value, string name) => value switch
    {
        string text when _attribute.OneOf is { } words && !words.Split('|').Contains(text, StringComparer.Ordinal) =>
            $"{name} is '{text}'; {Range} is needed: set it to one of them, or leave it at its default, {Default}.",
        string { Length: > 0 } path when _attribute.IsFolder && FolderPathRules.Fault(path) is { } fault => $"{name}: {fault}",
        TimeSpan time when time.Ticks < _min || time.Ticks > _max => $"{name} is {Duration.Format(time)}; {Range} is allowed: {Remedy}",
        int or long when Convert.ToInt64(value, CultureInfo.InvariantCulture) is var number && (number < _min || number > _max) =>
            $"{name} is {ShowNumber(number)}; {Range} is allowed: {Remedy}",
        _ => null,
    };

    private bool TryParse(string text, [NotNullWhen(true)] out object? value)
    {
        switch (Kind)
        {
            case SettingKind.Text:
                value = text;
                return true;
            case SettingKind.Flag when bool.TryParse(text.Trim(), out var flag):
                value = flag;
                return true;
            case SettingKind.Number when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number):
                value = number;
                return true;
            case SettingKind.Size when ByteSize.TryParse(text, out var bytes):
                value = bytes;
                return true;
            case SettingKind.Time when Duration.TryParse(text, out var time):
                value = time;
                return true;
            default:
                value = null;
                return false;
        }
    }

    private long Limit(string text) => TryParse(text, out var value)
        ? value is TimeSpan time ? time.Ticks : (long)value
        : throw new NotSupportedException($"{_property.DeclaringType}.{Name} has the limit '{text}', which cannot be read.");

    private string ShowNumber(long number) => Kind switch
    {
        SettingKind.Size => ByteSize.Format(number),
        SettingKind.Time => Duration.Format(TimeSpan.FromTicks(number)),
        _ => number.ToString(CultureInfo.InvariantCulture),
    };
}
