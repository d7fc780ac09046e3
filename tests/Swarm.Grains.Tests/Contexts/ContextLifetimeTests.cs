using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.Grains.Tests.Support;
using Swarm.Testing;
using Xunit;

namespace Swarm.Grains.Tests.Contexts;

/// <summary>How long a context stays open with its grain, and that nothing is lost when it does not.</summary>
public sealed class ContextLifetimeTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Close_ThenStatus_ReopensWithNothingLost()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path);
        await AppendAsync(silo, "closed");
        var before = silo.FindOpen("closed");

        await silo.Context("closed").CloseAsync();
        Assert.True(before!.Closed.IsCancellationRequested, "the context is still open");
        var status = await silo.Context("closed").GetStatusAsync(Token);

        Assert.Null(status.Refusal);
        Assert.Equal((1UL, "a", 3L), (status.Epoch, status.Holder, status.DurableTokens));
        Assert.NotSame(before, silo.FindOpen("closed"));
    }

    [Fact]
    public async Task Stop_ThenStartOnTheSameStore_NothingIsLost()
    {
        await using (var first = await TestSilo.StartAsync(_folder.Path))
        {
            await AppendAsync(first, "restarted");
        }

        await using var second = await TestSilo.StartAsync(_folder.Path);
        var status = await second.Context("restarted").GetStatusAsync(Token);

        Assert.Equal((1UL, "a", 3L), (status.Epoch, status.Holder, status.DurableTokens));
    }

    [Fact]
    public async Task Idle_HeldContextStaysOpen_FreeOneIsClosed()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, "--Swarm:Contexts:IdleAge=00:00:01");
        var secret = SessionSecret.Create();
        await silo.Context("held").AcquireAsync(Requests.Acquire("held", "a"), Token);
        await silo.Context("free").AcquireAsync(Requests.Acquire("free", "a", secret), Token);
        await silo.Context("free").ReleaseAsync(Requests.Release("free", 1, secret), Token);
        var held = silo.FindOpen("held");

        await ClosedAsync(silo.FindOpen("free")!);

        Assert.NotNull(held);
        Assert.False(held.Closed.IsCancellationRequested, "the held context was closed");
    }

    [Fact]
    public async Task Idle_HolderSilentForLongerThanTheLinger_IsClosedAndKeepsItsHolder()
    {
        await using var silo = await TestSilo.StartAsync(
            _folder.Path,
            "--Swarm:Contexts:IdleAge=00:00:01",
            "--Swarm:Contexts:SessionLinger=00:00:01",
            "--Swarm:Contexts:SessionCheckPeriod=00:00:00.2");
        await silo.Context("left").AcquireAsync(Requests.Acquire("left", "a"), Token);

        await ClosedAsync(silo.FindOpen("left")!);
        var status = await silo.Context("left").GetStatusAsync(Token);

        Assert.Equal((1UL, "a"), (status.Epoch, status.Holder));
    }

    [Fact]
    public async Task Idle_HolderHeardOnTheDataPlaneAlone_StaysOpen()
    {
        await using var silo = await TestSilo.StartAsync(
            _folder.Path,
            "--Swarm:Contexts:IdleAge=00:00:01",
            "--Swarm:Contexts:SessionLinger=00:00:01",
            "--Swarm:Contexts:SessionCheckPeriod=00:00:00.2");
        var secret = SessionSecret.Create();
        await silo.Context("heard").AcquireAsync(Requests.Acquire("heard", "a", secret), Token);
        await silo.Context("left").AcquireAsync(Requests.Acquire("left", "a"), Token);
        var heard = silo.FindOpen("heard")!;
        var left = silo.FindOpen("left")!;

        // What else is idle is closed again and again; this one is as idle for its grain, and only its timer knows better.
        for (var times = 0; times < 3; times++)
        {
            while (!left.Closed.IsCancellationRequested)
            {
                heard.RecordHeartbeat(new SessionProof(new Epoch(1), secret.Hash));
                await Task.Delay(TimeSpan.FromMilliseconds(50), Token);
            }

            await silo.Context("left").GetStatusAsync(Token);
            left = silo.FindOpen("left")!;
        }

        Assert.False(heard.Closed.IsCancellationRequested, "a context was closed while its holder was heard of");
    }

    private static async Task AppendAsync(TestSilo silo, string context)
    {
        var secret = SessionSecret.Create();
        var answer = await silo.Context(context).AcquireAsync(Requests.Acquire(context, "a", secret), Token);
        var proof = new SessionProof(new Epoch(answer.Lease!.Epoch), secret.Hash);
        var durable = await silo.FindOpen(context)!.AppendInputsAsync(
            proof, new InputRun(0, Enumerable.Range(1, 3).ToArray(), Enumerable.Repeat(3, 1).ToArray()), [], Token);
        Assert.Equal(3, durable.Tokens);
    }

    private static async Task ClosedAsync(IOpenContext context)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.Closed.Register(closed.SetResult);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }
}
