using Microsoft.Extensions.Options;

namespace Swarm.Grains.Contexts;

/// <summary>Rejects settings of context grains at start-up, reporting every fault at once.</summary>
public sealed class ContextGrainOptionsValidator : IValidateOptions<ContextGrainOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ContextGrainOptions options)
    {
        var faults = new ValidateOptionsResultBuilder();
        Check(nameof(options.OperationTimeout), options.OperationTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Check(nameof(options.SessionLinger), options.SessionLinger, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Check(
            nameof(options.SessionCheckPeriod),
            options.SessionCheckPeriod,
            TimeSpan.FromMilliseconds(10),
            options.SessionLinger / 2);
        Check(nameof(options.IdleAge), options.IdleAge, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        return faults.Build();

        void Check(string setting, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
            {
                faults.AddError(
                    $"{ContextGrainOptions.SectionName}:{setting} is {value}; {least} to {most} is allowed.", setting);
            }
        }
    }
}
