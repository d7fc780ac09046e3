using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>Named states of a context. Promise 3.</summary>
public sealed class StateTests
{
    /// <summary>A state behind the end would come back with a rewind of inputs that it never was about.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(500)]
    public void Append_StateAloneBehindTheEnd_IsRefused(long firstPosition)
    {
        var lone = new LoneStore();
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        writer.Write(10);

        async Task<bool> AppendAsync(long position)
        {
            var states = new[] { new NamedState("tracker", position, new byte[] { 1 }) };
            await (await writer.OpenAsync()).AppendInputsAsync(writer.Proof, new InputRun(firstPosition, default, default), states, default);
            return true;
        }

        var refused = Assert.Throws<SwarmRefusedException>(() => lone.Run(() => AppendAsync(11)));
        Assert.Contains("from 0 to 10", refused.Message, StringComparison.Ordinal);
        Assert.True(lone.Run(() => AppendAsync(10)));
    }
}
