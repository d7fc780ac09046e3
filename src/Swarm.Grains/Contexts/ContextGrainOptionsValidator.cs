using Microsoft.Extensions.Options;
using Swarm.Core.Settings;

namespace Swarm.Grains.Contexts;

/// <summary>Checks <see cref="ContextGrainOptions"/> when the host starts.</summary>
internal sealed class ContextGrainOptionsValidator : IValidateOptions<ContextGrainOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ContextGrainOptions options) =>
        SettingRules.FindFaults(options, setting => $"{nameof(ContextGrainOptions)}.{setting}") is { Count: > 0 } faults
            ? ValidateOptionsResult.Fail(faults)
            : ValidateOptionsResult.Success;
}
