using Microsoft.Extensions.Options;
using Swarm.Client.Control;
using Swarm.Core.Settings;

namespace Swarm.Client.Hosting;

/// <summary>Refuses settings of a registered client that it cannot be connected with, all of them at once.</summary>
internal sealed class SwarmClientOptionsValidator : IValidateOptions<SwarmClientOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SwarmClientOptions options)
    {
        List<string> faults = [.. options.Faults];
        Try(() => SwarmAddress.Parse(options.Address), nameof(options.Address));
        Try(() => Names.RequireTenant(options.Tenant), nameof(options.Tenant));
        faults.AddRange(SettingRules.FindFaults(options));
        return faults.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(string.IsNullOrEmpty(name) ? faults : faults.Select(fault => $"Client '{name}': {fault}"));

        void Try(Action check, string setting)
        {
            try
            {
                check();
            }
            catch (ArgumentException exception)
            {
                faults.Add($"{setting}: {SettingRules.TextOf(exception)}");
            }
        }
    }
}
