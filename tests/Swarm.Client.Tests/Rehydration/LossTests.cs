using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Files;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Rehydration;

/// <summary>What the store lost of a context's inputs is told to whoever goes on with it.</summary>
public sealed class LossTests
{
    private const string Context = "track/1";
    private const int Steps = 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TakeOver_SegmentLostAfterAKill_SessionAndStatusTellUntilTheNoteIsDeleted()
    {
        using var root = new TempDirectory();
        var folder = root.Combine("killed");
        await using (var silo = await Silo.StartAsync())
        {
            await using var swarm = await silo.ConnectAsync();
            await using var a = await swarm.Agent("drone-a").OpenAsync(Context, new ToyRuntime(), null, Token);
            for (var step = 0; step < Steps; step++)
            {
                await a.FeedAsync(new[] { step }, Token);
                await a.FlushAsync(Token);
            }

            CopyObjects(silo.Folder, folder); // What SIGKILL would leave now.
        }

        using var blobs = new FileBlobStore(folder);
        await blobs.DeleteAsync(await InputsSegmentAsync(blobs, position: Steps / 2), Token);
        string note;
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var b = await swarm.Agent("drone-b").TakeOverAsync(Context, new ToyRuntime(), TakeOver.Now, null, Token);

            var loss = b.Rehydration.Loss;
            Assert.NotNull(loss);
            Assert.Equal((Steps / 2, Steps, true), (loss.Kept, loss.Known, loss.IsCertain));
            Assert.Equal(Steps / 2, b.Length);
            Assert.Equal(loss, (await swarm.GetStatusAsync(Context, Token)).Loss);
            note = BlobNames.Damage(loss.Writer, loss.Sequence);
            await b.FeedAsync(new[] { 9 }, Token);
            await b.ReleaseAsync("", Token);
        }

        Assert.True(await blobs.DeleteAsync(note, Token), $"{note} is missing");
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var c = await swarm.Agent("drone-c").OpenAsync(Context, new ToyRuntime(), null, Token);

            Assert.Null(c.Rehydration.Loss);
            Assert.Equal((Steps / 2) + 1, c.Length);
        }
    }

    private static async Task<string> InputsSegmentAsync(FileBlobStore blobs, long position)
    {
        var names = new List<string>();
        await foreach (var item in blobs.ListAsync(BlobNames.LogsPrefix, Token))
        {
            names.Add(item.Name);
        }

        foreach (var name in names)
        {
            var buffer = new byte[1 << 20];
            var read = await blobs.ReadAsync(name, 0, buffer, Token);
            if (SegmentCodec.Decode(buffer.AsSpan(0, read.Count), read.Length).Records.OfType<TokensRecord>().Any(record => record.Position == position))
            {
                return name;
            }
        }

        throw new InvalidOperationException($"None of {names.Count} segments has the input at {position}.");
    }

    /// <summary>Copies a store, without what says that a silo lives in it.</summary>
    private static void CopyObjects(string from, string to)
    {
        var cluster = Path.Combine(from, "objects", "cluster") + Path.DirectorySeparatorChar;
        foreach (var file in Directory.GetFiles(Path.Combine(from, "objects"), "*", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(cluster, StringComparison.Ordinal)))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
