using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Swarm.Clustering.Membership;

/// <summary>Tells in the log which silos join, leave and are declared dead, by whom and when.</summary>
/// <param name="membership">Which silos there are.</param>
/// <param name="table">Has the votes.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class MembershipLog(
    IClusterMembershipService membership, IMembershipTable table, ILogger<MembershipLog> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<SiloAddress, SiloStatus> _seen = [];
    private Task _running = Task.CompletedTask;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(MembershipLog),
        ServiceLifecycleStage.Active,
        _ =>
        {
            _running = Task.Run(RunAsync, CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _running;
        });

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>Why a silo counts as dead, as far as its row in the table says.</summary>
    /// <param name="entry">The row, or <see langword="null"/> when it is gone.</param>
    internal static string Reason(MembershipEntry? entry) => entry?.SuspectTimes is { Count: > 0 } votes
        ? "suspected by " + string.Join(", ", votes.Select(vote => string.Create(
            CultureInfo.InvariantCulture, $"{vote.Item1} at {vote.Item2:yyyy-MM-ddTHH:mm:ss.fffZ}")).Distinct())
        : "another silo started on its address, or found that it had long not said that it lives";

    private async Task RunAsync()
    {
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stop.Token))
            {
                await TellAsync(snapshot);
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task TellAsync(ClusterMembershipSnapshot snapshot)
    {
        var isFirst = _seen.Count == 0;
        var active = snapshot.Members.Values.Count(member => member.Status == SiloStatus.Active);
        foreach (var member in snapshot.Members.Values)
        {
            var before = _seen.GetValueOrDefault(member.SiloAddress);
            _seen[member.SiloAddress] = member.Status;
            if (member.Status == before || (isFirst && member.Status != SiloStatus.Active))
            {
                continue;
            }

            switch (member.Status)
            {
                case SiloStatus.Active:
                    ClusteringLog.Joined(logger, member.SiloAddress, member.Name, active);
                    break;
                case SiloStatus.Dead when before is SiloStatus.ShuttingDown or SiloStatus.Stopping:
                    ClusteringLog.Left(logger, member.SiloAddress, member.Name, active);
                    break;
                case SiloStatus.Dead:
                    await TellOfDeathAsync(member, active);
                    break;
                default:
                    break;
            }
        }
    }

    private async Task TellOfDeathAsync(ClusterMember member, int active)
    {
        MembershipEntry? entry = null;
        try
        {
            var rows = await table.ReadAllAsync(_stop.Token);
            entry = rows.Members.FirstOrDefault(row => row.Item1.SiloAddress.Equals(member.SiloAddress))?.Item1;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            ClusteringLog.VotesUnknown(logger, member.SiloAddress, fault.Message);
        }

        ClusteringLog.DeclaredDead(logger, member.SiloAddress, member.Name, Reason(entry), active);
    }
}
