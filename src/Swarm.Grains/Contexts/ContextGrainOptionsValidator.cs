using Microsoft.Extensions.Options;
using Swarm.Core.Settings;

namespace Swarm.Grains.Contexts;

/// <summary>Rejects settings of context grains at start-up, reporting every fault at once.</summary>
public sealed class ContextGrainOptionsValidator : IValidateOptions<ContextGrainOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ContextGrainOptions options)
    {
        var faults = new ValidateOptionsResultBuilder();
        foreach (var fault in SettingDefinition.FindFaults(options))
        {
            faults.AddError($"{ContextGrainOptions.SectionName}:{fault}");
        }

        if (options.SessionCheckPeriod > options.SessionLinger / 2)
        {
            faults.AddError(
                $"{ContextGrainOptions.SectionName}:{nameof(options.SessionCheckPeriod)} is "
                + $"{Duration.Format(options.SessionCheckPeriod)}; half of {nameof(options.SessionLinger)}, "
                + $"{Duration.Format(options.SessionLinger)}, or less is needed.");
        }

        return faults.Build();
    }
}
