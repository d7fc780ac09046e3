using DroneHandoff.Messages;
using DroneHandoff.Models;
using DroneHandoff.Telemetry;

namespace DroneHandoff.Roles;

/// <summary>Runs one role: loads and warms the model, alike in all of them, and hands over.</summary>
internal static class RoleProgram
{
    /// <summary>Runs a role until it is told to finish.</summary>
    /// <param name="arguments">The command line, from <see cref="RoleNames.Switch"/> on.</param>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is [_, RoleNames.Guard, var command, .. var rest])
        {
            return await GuardRole.RunAsync(command, rest);
        }

        var role = arguments.Length == 2 ? arguments[1] : "";
        var channel = RoleChannel.Open();
        try
        {
            await RunAsync(role, channel);
            return 0;
        }
        catch (Exception fault)
        {
            await Console.Error.WriteLineAsync(fault.ToString());
            channel.Emit(new FailedEvent(fault.Message));
            return 1;
        }
    }

    private static Task RunAsync(string role, RoleChannel channel)
    {
        var settings = channel.Settings;
        IFlight flight = GrowingFlight.Is(settings.Telemetry) ? new GrowingFlight(settings.Telemetry) : Flight.Load(settings.Telemetry);
        var model = DroneModel.Open(settings.Model, settings.Seed);
        foreach (var item in model.Ignored)
        {
            Console.Error.WriteLine($"The model's files have something that is not known, and is not used: {item}");
        }

        model.WarmUp();
        var runtime = model.CreateRuntime(Math.Min(settings.MaxPositions, model.MaxPositions));
        channel.Emit(new ReadyEvent(
            model.Descriptor.Name,
            model.Parameters,
            runtime.Fingerprint.ToString(),
            model.Descriptor.Geometry.BytesPerPosition,
            runtime.Numerics.ToString()));
        return role switch
        {
            RoleNames.AgentA => new PredecessorRole(channel, flight, runtime).RunAsync(),
            RoleNames.AgentB => new SuccessorRole(channel, flight, model, runtime).RunAsync(),
            RoleNames.Standby => new StandbyRole(channel, flight, model, runtime).RunAsync(),
            RoleNames.Twin => new TwinRole(channel, flight, runtime).RunAsync(),
            _ => throw new ArgumentException($"There is no role '{role}'.", nameof(role)),
        };
    }
}
