using DroneHandoff.Messages;

namespace DroneHandoff.Tests.Messages;

/// <summary>Messages between the processes: one line each, and back as they were.</summary>
public sealed class MessageJsonTests
{
    private static readonly ContinuedEvent _continued = new(4096, [1, 2, 3], "ab");

    public static TheoryData<object> Events =>
    [
        new ReadyEvent("tiny", 1_000_000, "fp", 1024),
        new OpenedEvent(3, "AB"),
        new ProgressEvent(1, 4, 4, 0),
        new ReleasedEvent(new ProgressEvent(1, 4, 4, 4)),
        new StaleAppendEvent(true, "stale\nsecond line"),
        new FollowedEvent(100, 64), new ForkedEvent(100),
        new FailedEvent("it \"broke\""),
    ];

    public static TheoryData<object> Commands =>
    [
        new AdvanceCommand(12), new StreamCommand(), new ReleaseCommand("drone-b"), new ContinueCommand(),
        new TakeOverCommand(Strategies.Rehydrate, 2.5, 10, 3), new FinishCommand(),
        new FollowCommand(100, 64), new ForkCommand("track/1/as-left"),
    ];

    [Theory]
    [MemberData(nameof(Events))]
    public void FromLine_AnyEvent_ComesBack(object message)
    {
        var line = MessageJson.ToLine((RoleEvent)message);

        Assert.DoesNotContain('\n', line);
        Assert.Equal(message, MessageJson.FromLine<RoleEvent>(line));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void FromLine_AnyCommand_ComesBack(object message) =>
        Assert.Equal(message, MessageJson.FromLine<RoleCommand>(MessageJson.ToLine((RoleCommand)message)));

    [Fact]
    public void FromLine_Arrays_ComeBack()
    {
        var advanced = new AdvancedEvent(new ProgressEvent(2, 10, 4, 0), [1.5, 2.25]);
        var tookOver = new TookOverEvent(
            Strategies.Rehydrate, 4096, 683, 4096, 0, 1, "memory", 12.5, 4096, 4096, 5, _continued)
        {
            Held = 7,
            Followed = new FollowReport(1, 2, 3.5, 4, 5),
        };

        var advancedBack = Assert.IsType<AdvancedEvent>(
            MessageJson.FromLine<RoleEvent>(MessageJson.ToLine<RoleEvent>(advanced)));
        var tookOverBack = Assert.IsType<TookOverEvent>(
            MessageJson.FromLine<RoleEvent>(MessageJson.ToLine<RoleEvent>(tookOver)));

        Assert.Equal(advanced.StepMs, advancedBack.StepMs);
        Assert.Equal(advanced.Progress, advancedBack.Progress);
        Assert.Equal(_continued.Tokens, tookOverBack.Continued.Tokens);
        Assert.Equal(tookOver with { Continued = tookOverBack.Continued }, tookOverBack);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"event\":\"progress\",\"readings\":1")]
    [InlineData("{\"event\":\"no-such\"}")]
    [InlineData("Swarm is running")]
    public void FromLine_NoMessage_Throws(string line) =>
        Assert.Throws<FormatException>(() => MessageJson.FromLine<RoleEvent>(line));

    [Fact]
    public void ToString_OfSecrets_HidesThem()
    {
        Assert.DoesNotContain("ABCD", new OpenedEvent(3, "ABCD").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("ABCD", new AppendStaleCommand(3, "ABCD", 1, []).ToString(), StringComparison.Ordinal);
    }
}
