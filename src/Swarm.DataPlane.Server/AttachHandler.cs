using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Server;

/// <summary>Attaches sessions and readers to open contexts.</summary>
/// <param name="connection">The connection.</param>
internal sealed class AttachHandler(ServerConnection connection)
{
    private uint _lastId;

    /// <summary>Attaches a session: its secret is checked against the context's epoch here, once.</summary>
    /// <exception cref="StaleEpochException">The session does not hold the context.</exception>
    public async Task AttachAsync(uint correlation, Attach attach)
    {
        var context = Find(attach.Context);
        var proof = new SessionProof(new Epoch(attach.Epoch), Digest256.Sha256(attach.Secret));
        context.RecordHeartbeat(proof); // Compares in fixed time, and throws.
        await AnswerAsync(correlation, context, proof).ConfigureAwait(false);
    }

    /// <summary>Attaches a reader.</summary>
    public Task AttachReaderAsync(uint correlation, AttachReader attach) =>
        AnswerAsync(correlation, Find(attach.Context), null);

    private IOpenContext Find(string name) =>
        connection.Contexts.Find(ContextId.FromNames(connection.Tenant, name))
            ?? throw new SwarmRefusedException(new Refusal(
                RefusalCode.Moved, $"Context '{name}' is not open on this silo; ask its grain where it is."));

    private async Task AnswerAsync(uint correlation, IOpenContext context, SessionProof? proof)
    {
        var key = await connection.Contexts
            .GetTenantKeyAsync(connection.Tenant, connection.Ended).ConfigureAwait(false);
        var status = context.Status;
        var attachment = new ServerAttachment(connection, Interlocked.Increment(ref _lastId), context, proof);
        if (!connection.TryAdd(attachment, status.Epoch.Value))
        {
            attachment.Dispose();
            throw new SwarmRefusedException(new Refusal(
                RefusalCode.Busy,
                $"A connection has at most {connection.Options.MaxAttachments} attachments; open another one."));
        }

        if (proof is { } held)
        {
            context.RecordConnected(held, attachment);
        }

        await connection.SendAsync(FrameType.Attached, attachment.Id, correlation, new Attached(
            attachment.Id,
            status.Epoch.Value,
            status.Durable,
            status.Model.Value,
            status.BlockTokens,
            key.Bytes.ToArray(),
            connection.Options.AttachmentIngestBytes)).ConfigureAwait(false);
        _ = attachment.WatchAsync(proof?.Epoch ?? status.Epoch, status.Durable);
    }
}
