using System.Security.Cryptography;
using Swarm.Core.Identity;

namespace Swarm.Storage.Scheduling;

/// <summary>Ids from the system's cryptographic generator.</summary>
/// <param name="time">Clock for the sortable part of writers' ids.</param>
public sealed class RandomIdSource(TimeProvider time) : IIdSource
{
    /// <inheritdoc/>
    public Id128 Next()
    {
        Span<byte> bytes = stackalloc byte[Id128.SizeBytes];
        RandomNumberGenerator.Fill(bytes);
        return new Id128(bytes);
    }

    /// <inheritdoc/>
    public Id128 NextWriter()
    {
        var milliseconds = (ulong)time.GetUtcNow().ToUnixTimeMilliseconds();
        var random = Next();
        return new Id128((milliseconds << 16) | (random.High & 0xFFFF), random.Low);
    }
}
