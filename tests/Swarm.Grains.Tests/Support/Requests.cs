using Swarm.Core.Sessions;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains.Tests.Support;

/// <summary>Requests with their usual values.</summary>
internal static class Requests
{
    public const int BlockTokens = 64;

    public static AcquireContext Acquire(
        string context,
        string agent,
        SessionSecret? secret = null,
        AcquireMode mode = AcquireMode.IfFree,
        double silenceSeconds = 0,
        ModelDescriptor? model = null,
        bool mayCreate = true) => new(
            context,
            agent,
            (secret ?? SessionSecret.Create()).Hash,
            mode,
            silenceSeconds,
            model ?? TestModels.Tiny(),
            BlockTokens,
            mayCreate);

    public static ReleaseContext Release(string context, ulong epoch, SessionSecret secret, string to = "") =>
        new(context, epoch, secret.Hash, to);
}
