using Swarm.Client.Streaming;
using Xunit;

namespace Swarm.Client.Tests.Streaming;

/// <summary>What a pushed epoch means to a session.</summary>
public sealed class SessionObserverTests
{
    [Theory]
    [InlineData(4, false, true)]
    [InlineData(4, true, false)] // Its own rewind may have raised it.
    [InlineData(5, true, true)]
    [InlineData(3, false, false)] // Its own epoch: an older attachment's.
    public void OnFenced_Epoch_EndsTheAttachmentAndTheSessionWhereItIsAnothers(ulong current, bool isRewinding, bool isFenced)
    {
        using var state = new SessionState(new Epoch(3), default);
        using var observer = new SessionObserver(state, "track/1", () => isRewinding);

        observer.OnFenced(new Epoch(current));

        Assert.True(observer.Over.IsCancellationRequested);
        Assert.Equal(isFenced, state.Fenced.IsCancellationRequested);
    }
}
