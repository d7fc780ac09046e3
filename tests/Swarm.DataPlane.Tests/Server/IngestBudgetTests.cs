using Swarm.DataPlane.Server;
using Xunit;

namespace Swarm.DataPlane.Tests.Server;

/// <summary>The budget is never exceeded, nobody starves, and everything comes back.</summary>
public sealed class IngestBudgetTests
{
    [Fact]
    public void Ask_RecordLargerThanTheWindow_IsGrantedAlone()
    {
        var budget = new IngestBudget(1000, 100, TimeProvider.System);
        var granted = 0L;
        var account = new IngestAccount(bytes => granted += bytes);

        budget.TryAsk(account, 60, 60, 0);
        Assert.True(budget.TryUse(account, 60));
        budget.TryAsk(account, 500, 500, 0);
        Assert.Equal(60, granted);
        budget.Done(account, 60);

        Assert.Equal(560, granted);
        Assert.Equal(500, budget.Available);
    }

    [Fact]
    public void TryUse_MoreThanGranted_IsRefused()
    {
        var budget = new IngestBudget(1000, 100, TimeProvider.System);
        var account = new IngestAccount(_ => { });

        budget.TryAsk(account, 50, 50, 0);

        Assert.False(budget.TryUse(account, 51));
        Assert.True(budget.TryUse(account, 50));
        Assert.False(budget.TryUse(account, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AnySequence_StaysWithinTheBudgetAndServesEverybody(int seed)
    {
        var random = new Random(seed);
        var budget = new IngestBudget(1000, 200, TimeProvider.System);
        var accounts = Enumerable.Range(0, 20).Select(_ => new Peer(budget)).ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            accounts[random.Next(accounts.Length)].Act(random);
            Assert.True(budget.Available >= 0, $"seed {seed}, round {round}: {budget.Available}");
            Assert.Equal(1000, budget.Available + accounts.Sum(peer => peer.Account.Unused + peer.Account.InFlight));
        }

        Assert.True(
            accounts.Min(peer => peer.Served) * 2 > accounts.Max(peer => peer.Served),
            $"seed {seed}: served {string.Join(", ", accounts.Select(peer => peer.Served))} times");
        foreach (var peer in accounts)
        {
            budget.Close(peer.Account);
            peer.Finish();
        }

        Assert.Equal(1000, budget.Available);
    }

    private sealed class Peer
    {
        private readonly IngestBudget _budget;
        private readonly Queue<long> _inFlight = new();
        private long _credit;
        private long _next;

        public Peer(IngestBudget budget)
        {
            _budget = budget;
            Account = new IngestAccount(bytes => _credit += bytes);
        }

        public IngestAccount Account { get; }

        public int Served { get; private set; }

        public void Act(Random random)
        {
            if (_next > 0 && _credit >= _next)
            {
                Assert.True(_budget.TryUse(Account, _next));
                _credit -= _next;
                _inFlight.Enqueue(_next);
                _next = 0;
                Served++;
            }
            else if (_next == 0)
            {
                _next = random.Next(1, 300);
                if (_next > _credit)
                {
                    var returned = _credit;
                    _credit = 0;
                    Assert.True(_budget.TryAsk(Account, _next, _next + random.Next(100), returned));
                }
            }
            else if (_inFlight.TryDequeue(out var bytes))
            {
                _budget.Done(Account, bytes);
            }
        }

        public void Finish()
        {
            while (_inFlight.TryDequeue(out var bytes))
            {
                _budget.Done(Account, bytes);
            }
        }
    }
}
