using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Streaming;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Client;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Spool;

/// <summary>Goes on with a session that an earlier process of the agent left on the disk, if it still holds its context.</summary>
/// <param name="control">The grains.</param>
/// <param name="agent">Agent name.</param>
/// <param name="context">Context name.</param>
/// <param name="options">Settings.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class SpoolResumer(
    ControlPlane control, string agent, string context, SwarmClientOptions options, ILogger logger)
{
    /// <summary>Compares what was fed with what the context holds.</summary>
    public LeftoverFinder Finder { get; } = new(token => ContextReader.OpenAsync(control, context, options, logger, token));

    /// <summary>Proves to the silo that the newest session on the disk holds the context.</summary>
    /// <param name="folder">The locked folder.</param>
    /// <param name="memoryOptions">Settings of the session.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The session, attached; <see langword="null"/> where there is none, or it was fenced.</returns>
    /// <exception cref="SpoolException">The spool cannot be read, or is another agent's.</exception>
    /// <exception cref="SwarmTransportException">The silos cannot be reached.</exception>
    public async Task<ResumedSession?> TryResumeAsync(
        SpoolFolder folder, MemoryOptions memoryOptions, CancellationToken cancellationToken)
    {
        foreach (var directory in folder.Sessions())
        {
            if (Read(directory) is { Header: { } header } content)
            {
                var started = options.TimeProvider.GetTimestamp();
                var state = new SessionState(
                    header.Epoch, default, error => ClientLog.FencedCallbackFailed(logger, context, error));
                var link = new SessionLink(control, context, state, header.Secret, null, logger);
                if (await TryAttachAsync(link, header, memoryOptions, cancellationToken).ConfigureAwait(false) is { } session)
                {
                    var durable = state.Durable;
                    var lease = new ContextLease(
                        state.Epoch.Value, header.Epoch.Value, agent, durable.Tokens, durable.Kv,
                        session.BlockTokens, "", session.TenantKey.Bytes.ToArray());
                    return new ResumedSession(directory, content, session.Model, lease, state, link, started);
                }
            }
        }

        return null;
    }

    /// <summary>What sessions that are over have left, the newest first. Removes those that have left nothing.</summary>
    /// <param name="folder">The locked folder.</param>
    /// <param name="except">The folder of the session that goes on, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<SpoolLeftover>> FindLeftoversAsync(
        SpoolFolder folder, string? except, CancellationToken cancellationToken)
    {
        List<SpoolLeftover> leftovers = [];
        foreach (var directory in folder.Sessions().Where(directory => directory != except))
        {
            var content = Read(directory);
            if (content.Header is not { } header)
            {
                ClientLog.SpoolDamaged(logger, context, content.Fault ?? $"'{directory}' holds no segment");
                if (content.Fault is null || content.IsStillborn)
                {
                    Delete(directory);
                }

                continue;
            }

            var fed = new LeftoverFinder.Fed(
                context, header.Model, header.Epoch, content.PrefixHash, content.From(content.FirstPosition),
                [.. content.States], content.Fault);
            if (await Finder.FindAsync(fed, () => Delete(directory), cancellationToken).ConfigureAwait(false) is { } left)
            {
                ClientLog.LeftoverFound(logger, context, left.Epoch.Value, left.Inputs.Tokens.Length, left.FirstPosition);
                leftovers.Add(left);
            }
            else if (content.Fault is null)
            {
                Delete(directory);
            }
        }

        return leftovers;
    }

    /// <summary>Starts the spool of a session, or goes on with the one that was found.</summary>
    /// <param name="folder">The locked folder; the spool takes it over.</param>
    /// <param name="resumed">The session that goes on, or <see langword="null"/> for a new one.</param>
    /// <param name="secret">The secret in force.</param>
    /// <param name="session">The session, its history filled.</param>
    /// <param name="memoryOptions">Settings.</param>
    /// <param name="cancellationToken">Stops looking for leftovers.</param>
    public async Task<SpooledStart> StartAsync(
        SpoolFolder folder,
        ResumedSession? resumed,
        SessionSecret secret,
        SpoolSession session,
        MemoryOptions memoryOptions,
        CancellationToken cancellationToken)
    {
        var leftovers = await FindLeftoversAsync(folder, resumed?.Directory, cancellationToken).ConfigureAwait(false);
        var epoch = session.State.Epoch;
        if (resumed is not null)
        {
            resumed.SetStates(session.States, session.History.Length);
            resumed.Repair();
        }

        var header = new SpoolHeader(
            control.Credential.Tenant, agent, context, session.Model, epoch, secret, true, 0, 0, default, -1, null, []);
        var spool = new SessionSpool(
            folder,
            resumed?.Directory ?? folder.MakeSession(epoch, secret),
            header,
            resumed?.Content,
            session,
            memoryOptions,
            options.TimeProvider,
            logger);
        return new SpooledStart(spool, resumed is null ? null : Report(resumed, epoch), leftovers);
    }

    private SpoolRecovery Report(ResumedSession resumed, Epoch epoch)
    {
        var undurable = resumed.Undurable;
        ClientLog.SpoolResumed(logger, context, epoch.Value, undurable.Tokens.Length, undurable.FirstPosition);
        if (resumed.Fault is { } fault)
        {
            ClientLog.SpoolDamaged(logger, context, fault);
        }

        return new SpoolRecovery(epoch, undurable.FirstPosition, undurable.Tokens.Length, resumed.Fault);
    }

    private SpoolContent Read(string directory)
    {
        try
        {
            var content = SpoolReader.Read(directory);
            return content.Header is null || content.Header.IsOf(control.Credential.Tenant, agent, context)
                ? content
                : throw new SpoolException(
                    $"'{directory}' is the spool of {content.Header}, not of agent '{agent}' on context '{context}': it was "
                    + "moved there. Move it back, or give this agent another folder.");
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException
            || (exception is IOException and not SpoolException))
        {
            throw new SpoolException(
                $"The spool '{directory}' cannot be read: {exception.Message} Check its permissions and its disk.", exception);
        }
    }

    private async Task<DataPlaneSession?> TryAttachAsync(
        SessionLink link, SpoolHeader header, MemoryOptions memoryOptions, CancellationToken cancellationToken)
    {
        var watch = new SiloWatch(link, memoryOptions, options.TimeProvider);
        var started = options.TimeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (header.RewindSecret is { } secret && attempt == 0)
                {
                    link.RestoreRewind(header.RewindLength, secret);
                }

                if (link.IsRewinding)
                {
                    await link.RewindAsync(header.RewindLength, watch, cancellationToken).ConfigureAwait(false);
                }

                return await link.AttachAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code is RefusalCode.StaleEpoch or RefusalCode.NotFound)
            {
                await link.DisposeAsync().ConfigureAwait(false);
                return null;
            }
            catch (Exception exception) when (control.MayRepeat(exception, started))
            {
                await link.DropAsync().ConfigureAwait(false);
                await control.DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await link.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private static void Delete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Done before.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SpoolException(
                $"'{directory}' cannot be removed: {exception.Message} Check its permissions, and repeat.", exception);
        }
    }
}
