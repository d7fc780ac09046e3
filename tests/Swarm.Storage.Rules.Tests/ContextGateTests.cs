using Swarm.Storage.Hosting;
using Xunit;

namespace Swarm.Storage.Rules.Tests;

/// <summary>The order of gates is checked at each entry of every run of the exploration; here is what the check sees.</summary>
public sealed class ContextGateTests
{
    private readonly ContextGate _requests;
    private readonly ContextGate _root;

    public ContextGateTests()
    {
        var owner = new object();
        (_requests, _root) = (new ContextGate(owner, GateOrder.Requests), new ContextGate(owner, GateOrder.Root));
    }

    [Fact]
    public async Task Wait_InOrder_Enters()
    {
        await _requests.WaitAsync();
        await EnterAndLeaveAsync(_root);
        await EnterAndLeaveAsync(_root);
        _requests.Release();
        await EnterAndLeaveAsync(_requests);
    }

    [Fact]
    public async Task Wait_AgainstTheOrder_Throws()
    {
        await _root.WaitAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => EnterAndLeaveAsync(_requests));
        await Assert.ThrowsAsync<InvalidOperationException>(() => EnterAndLeaveAsync(_root));

        _root.Release();
        await EnterAndLeaveAsync(_requests);
    }

    [Fact]
    public async Task Wait_OfAnotherIncarnation_IsFree()
    {
        await _root.WaitAsync();

        await EnterAndLeaveAsync(new ContextGate(new object(), GateOrder.Requests));

        _root.Release();
    }

    private static async Task EnterAndLeaveAsync(ContextGate gate)
    {
        await gate.WaitAsync();
        await Task.Yield();
        gate.Release();
    }
}
