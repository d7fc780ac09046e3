using Microsoft.Extensions.Options;
using Swarm.Core.Settings;

namespace Swarm.Extensions.AI.Hosting;

/// <summary>Refuses settings of a registered chat client that it cannot be made with, all of them at once.</summary>
internal sealed class SwarmChatClientOptionsValidator : IValidateOptions<SwarmChatClientOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SwarmChatClientOptions options) => SettingRules.FindFaults(options) is { Count: > 0 } faults
        ? ValidateOptionsResult.Fail(string.IsNullOrEmpty(name) ? faults : faults.Select(fault => $"Chat client '{name}': {fault}"))
        : ValidateOptionsResult.Success;
}
