using Microsoft.Extensions.Options;
using Swarm.Core.Settings;

namespace Swarm.Silo;

/// <summary>Checks <see cref="SwarmSiloOptions"/> when the host is built, since its shutdown timeout depends on them.</summary>
internal sealed class SwarmSiloOptionsValidator : IValidateOptions<SwarmSiloOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SwarmSiloOptions options) =>
        SettingRules.FindFaults(options) is { Count: > 0 } faults
            ? ValidateOptionsResult.Fail(faults)
            : ValidateOptionsResult.Success;
}
