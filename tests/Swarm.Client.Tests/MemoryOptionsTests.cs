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
        };

        var message = Assert.Throws<ArgumentException>(options.Validate).Message;

        foreach (var sentence in (string[])
        [
            "BlockTokens is 1025; 1 to 1024 is needed: set it to that, or leave it at its default, 64.",
            "KvRecordBytes is 4095; 4096 bytes or more is needed: set it to that, or leave it at its default, 1048576.",
            "SpoolBytes is 65535; 65536 bytes or more is needed",
            "DrainTimeout is -00:00:01; 0 or more is needed: set it to that, or leave it at its default, 00:00:05.",
            "HeartbeatInterval is 00:00:00; more than 0 is needed",
            "SpoolPath is ' ': name a folder, or set it to null for no spool.",
        ])
        {
            Assert.Contains(sentence, message, StringComparison.Ordinal);
        }

        var names = typeof(MemoryOptions).GetProperties().Select(property => property.Name)
            .Except([nameof(MemoryOptions.Strategy), nameof(MemoryOptions.ThrowIfNotDurable)]);
        Assert.All(names, name => Assert.Contains($"{name} is ", message, StringComparison.Ordinal));
    }
}
