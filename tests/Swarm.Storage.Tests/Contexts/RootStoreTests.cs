using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Manifests;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>A root is written when all that it names is in the store. Promise 3.</summary>
public sealed class RootStoreTests
{
    /// <summary>
    /// The store is out of reach between the look at one page and at another, and comes back without the first: both are looked for again.
    /// </summary>
    [Fact]
    public void Replace_PageLostInAnOutageAfterItWasSeen_LeavesTheRoot()
    {
        var lone = new LoneStore();
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        writer.Write(30);
        writer.Close();
        var name = BlobNames.Root(writer.Id);
        var before = lone.Blobs.Objects[name];
        var root = ManifestCodec.DecodeRoot(before.Content);
        var seen = BlobNames.Page(writer.Id, Assert.Single(root.ExtentPages));
        var cut = BlobNames.Page(writer.Id, Assert.Single(root.InputPages));
        lone.Blobs.BeforeRead = async read =>
        {
            if (read == cut)
            {
                lone.Blobs.BeforeRead = null; // Once.
                await Task.Delay(TimeSpan.FromSeconds(1), lone.Time);
                Assert.Equal(1, lone.Blobs.Reads[seen]);
                lone.Blobs.Remove(seen);
                throw new BlobStoreException("the store is away", isTransient: true);
            }
        };
        var roots = new RootStore(lone.Blobs, new RetryingReader(lone.Blobs, lone.Time), lone.Time, NullLogger.Instance);
        lone.Blobs.Reads.Clear();

        var written = lone.Run(() => roots.ReplaceAsync(
            writer.Id,
            root with { Nonce = new Id128(1, 2), Generation = root.Generation + 1 },
            before.ETag,
            incarnationId: default,
            known: root with { ExtentPages = [], InputPages = [] }));

        Assert.Equal(RootOutcome.Lost, written.Outcome);
        Assert.Equal(before, lone.Blobs.Objects[name]);
    }
}
