using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>Who reads a context without having it open meets its owner, and the collector, anywhere in its work. Promises 1 and 3.</summary>
public sealed class ReaderTests
{
    /// <summary>Protocol, rule 15: what a root names may be gone by the time it is read, and then the root has changed.</summary>
    [Fact]
    public void Fork_ParentGoesOnAndItsOldPagesAreCollectedMeanwhile_ReadsItAnew()
    {
        var lone = new LoneStore(checkpointSegments: 1000);
        var writer = new ContextWriter(lone, "c");
        writer.Write(30);
        writer.Close();
        string[] old = [.. PagesOf(lone, writer)];
        var gone = 0;
        lone.Blobs.BeforeRead = async name =>
        {
            if (!old.Contains(name))
            {
                return;
            }

            lone.Blobs.BeforeRead = null; // Once.
            await writer.WriteAsync(30);
            await (await writer.OpenAsync()).CloseAsync(default);
            foreach (var page in old.Except(PagesOf(lone, writer)))
            {
                lone.Blobs.Remove(page);
                gone++;
            }
        };

        var forked = lone.Run(async () => await lone.Store.ForkAsync(writer.Id, "child", null, null, default));

        Assert.True(gone > 0, "no page was replaced");
        Assert.Equal(60, forked.Position);
        writer.ForkedAs("child", 60).AssertIsAllThere();
        writer.AssertIsAllThere();
    }

    private static IEnumerable<string> PagesOf(LoneStore lone, ContextWriter writer)
    {
        var root = ManifestCodec.DecodeRoot(lone.Blobs.Objects[BlobNames.Root(writer.Id)].Content);
        return root.ExtentPages.Concat(root.InputPages).Concat(root.StatePage is { } state ? [state] : []).Select(page => BlobNames.Page(writer.Id, page));
    }
}
