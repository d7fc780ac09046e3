using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Following;

/// <summary>What tests ask of a standby.</summary>
internal static class Standbys
{
    /// <summary>Waits until a standby has all that its leader has made durable.</summary>
    public static Task CaughtUpAsync(AgentStandby standby, AgentMemory memory) => Poll.UntilAsync(
        () => standby.Status.Epoch == memory.Epoch && standby.Status.Held == memory.Durable && standby.Lag.Time == TimeSpan.Zero,
        TestContext.Current.CancellationToken);

    /// <summary>The KV of all positions, stream by stream.</summary>
    public static byte[] Kv(ToyRuntime runtime) => Kv(runtime, runtime.Length);

    /// <summary>The KV of the first positions, stream by stream.</summary>
    public static byte[] Kv(ToyRuntime runtime, int positions)
    {
        var bytes = new byte[positions * (int)runtime.Model.Geometry.BytesPerPosition];
        for (var stream = 0; stream < 2; stream++)
        {
            runtime.ReadKv(0, stream, 0, positions, bytes.AsSpan(stream * bytes.Length / 2, bytes.Length / 2));
        }

        return bytes;
    }
}
