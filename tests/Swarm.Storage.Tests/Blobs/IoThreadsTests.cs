using System.ComponentModel;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>What a lack of memory, threads or files makes of a call.</summary>
public sealed class IoThreadsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_CallIsOutOfMemory_IsATransientFault()
    {
        var threads = new IoThreads("test", 1);

        var cause = Activator.CreateInstance<OutOfMemoryException>();

        var fault = await Assert.ThrowsAsync<BlobStoreException>(() => threads.RunAsync<int>(() => throw cause, Stop));

        Assert.True(fault.IsTransient);
        Assert.Contains(cause.Message, fault.Message, StringComparison.Ordinal);
        Assert.Contains("ulimit", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, await threads.RunAsync(() => 1, Stop));
    }

    [Theory]
    [InlineData(12)]
    [InlineData(23)]
    [InlineData(24)]
    public void FileFault_OfWhatMayPass_IsTransient(int error)
    {
        var fault = Assert.Throws<BlobStoreException>(() => FileFault.ThrowIf(error, "create", "/store/x"));

        Assert.True(fault.IsTransient);
        Assert.IsType<Win32Exception>(fault.InnerException);
    }
}
