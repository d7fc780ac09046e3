using DroneHandoff.Messages;
using Swarm;
using Swarm.Core.Sessions;
using Swarm.DataPlane;
using Swarm.DataPlane.Client;

namespace DroneHandoff.Roles;

/// <summary>A zombie: a session that another one has replaced tries to append, with its old epoch and secret.</summary>
internal static class StaleSession
{
    /// <summary>Attaches to the data plane as the old session did, and appends.</summary>
    /// <param name="swarm">To see the context before and after.</param>
    /// <param name="settings">Where the data plane is.</param>
    /// <param name="command">The old session.</param>
    /// <returns>Whether it was refused as stale, with the context left as it was.</returns>
    public static async Task<StaleAppendEvent> AppendAsync(
        SwarmClient swarm, RoleSettings settings, AppendStaleCommand command)
    {
        var before = await swarm.GetStatusAsync(settings.Context);
        string answer;
        var isRefused = false;
        try
        {
            answer = $"accepted: {await TryAppendAsync(settings, command)}";
        }
        catch (StaleEpochException refusal)
        {
            isRefused = true;
            answer = refusal.Message;
        }

        var after = await swarm.GetStatusAsync(settings.Context);
        var isUnchanged = after.Epoch == before.Epoch
            && after.Holder == before.Holder
            && after.Durable.Tokens == before.Durable.Tokens
            && after.Durable.Kv == before.Durable.Kv;
        return new StaleAppendEvent(
            isRefused && isUnchanged, isUnchanged ? answer : $"{answer} But the context changed: {before} to {after}.");
    }

    private static async Task<Watermarks> TryAppendAsync(RoleSettings settings, AppendStaleCommand command)
    {
        await using var client = await DataPlaneClient.ConnectAsync(
            DataPlaneEndpoint.Parse(settings.DataPlane), Ground.Tenant, "", new DataPlaneClientOptions(), TimeProvider.System);
        var secret = new SessionSecret(Convert.FromHexString(command.Secret));
        var session = await client.AttachAsync(
            settings.Context, new Epoch(command.Epoch), secret, new SilentObserver());
        var inputs = new InputRun(command.Position, command.Tokens, new[] { command.Tokens.Length });
        return await await session.SendInputsAsync(inputs, []);
    }
}
