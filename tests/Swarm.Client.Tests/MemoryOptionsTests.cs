using Xunit;

namespace Swarm.Client.Tests;

/// <summary>Settings that are out of range are all named, each with value, limit and remedy.</summary>
public sealed class MemoryOptionsTests
{
    [Fact]
    public void Validate_EverySettingOutOfRange_IsNamedWithValueLimitAndDefault()
    {
        var none = TimeSpan.Zero;
        var less = TimeSpan.FromSeconds(-1);
        var options = new MemoryOptions
        {
            BlockTokens = 1025,
            InputFlushInterval = less,
            KvBatchPositions = 0,
            KvFlushInterval = less,
            KvRecordBytes = 4095,
            MaxUndurableTokens = 0,
            SpoolPath = " ",
            SpoolBytes = 65535,
            SpoolSyncInterval = less,
            HeartbeatInterval = none,
            SiloSilence = none,
            MaxReconnectDelay = none,
            DrainTimeout = less,
            HandoffPolicy = new HandoffPolicy { WarmStandbys = -1 },
        };

        var message = Assert.Throws<ArgumentException>(options.Validate).Message;

        foreach (var sentence in (string[])
        [
            "BlockTokens is 1025; 1 to 1024 is allowed: set it within that range, or leave it at its default, 64.",
            "KvRecordBytes is 4095B; 4KiB or more is allowed: set it within that range, or leave it at its default, 1MiB.",
            "SpoolBytes is 65535B; 64KiB or more is allowed",
            "DrainTimeout is -1000ms; 0s to 1d is allowed: set it within that range, or leave it at its default, 5s.",
            "HeartbeatInterval is 0s; 1ms to 1h is allowed",
            "SpoolPath: The path is empty: name a folder.",
            "HandoffPolicy: HandoffPolicy.WarmStandbys is -1; 0 to 16 is allowed.",
        ])
        {
            Assert.Contains(sentence, message, StringComparison.Ordinal);
        }

        var names = typeof(MemoryOptions).GetProperties().Select(property => property.Name)
            .Except([nameof(MemoryOptions.Strategy), nameof(MemoryOptions.PrefetchWhileWaiting), nameof(MemoryOptions.ThrowIfNotDurable)]);
        Assert.All(names, name => Assert.Matches($"{name}( is |: )", message));
    }
}
