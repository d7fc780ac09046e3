using System.Globalization;
using Swarm.Storage.Files;
using Swarm.Testing;
using Swarm.Testing.Blobs;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>A folder store under several processes, and under SIGKILL.</summary>
public sealed class FileBlobStoreProcessTests : IDisposable
{
    private const int Processes = 3;

    private readonly TempDirectory _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Root => _folder.Combine("store");

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    // 1 and 95: what file systems without hard links answer (EPERM, EOPNOTSUPP).
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(95)]
    public async Task Create_FromSeveralProcesses_ExactlyOneWinsEachName(int linkError)
    {
        const int Names = 60;
        using var store = new FileBlobStore(Root);

        var lines = await RunAsync("create", Names, linkError);

        Assert.Equal(Enumerable.Range(0, Names), lines.Select(line => Number(line.Split(' ')[0])).Order());
        foreach (var line in lines.Select(line => line.Split(' ')))
        {
            Assert.Equal(line[1], (await CheckAsync(store, $"race/{line[0]}", Number(line[0]))).ETag);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(95)]
    public async Task Replace_FromSeveralProcesses_LosesNoUpdate(int linkError)
    {
        const int Times = 60;
        using var store = new FileBlobStore(Root);
        await store.CreateAsync("number", new(new byte[sizeof(int)]), Stop);

        await RunAsync("count", Times, linkError);

        var number = new byte[sizeof(int)];
        await store.ReadAsync("number", 0, number, Stop);
        Assert.Equal(Processes * Times, BitConverter.ToInt32(number));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(95)]
    public async Task Kill_InMidstreamOfWrites_LeavesAllThatWasAcknowledgedAndNothingTorn(int linkError)
    {
        var seeded = new SeededTest();
        for (var round = 0; round < 6; round++)
        {
            var first = round * 100_000;
            var acknowledged = new List<string[]>();
            using (var worker = await StartAsync("write", first, linkError))
            {
                worker.Go();
                var lines = seeded.Random.Next(1, 60);
                while (acknowledged.Count < lines)
                {
                    acknowledged.Add((await worker.ReadLineAsync())!.Split(' '));
                }

                worker.Kill();
                acknowledged.AddRange((await worker.ReadToEndAsync()).Select(line => line.Split(' ')));
            }

            using var store = new FileBlobStore(Root);
            await CheckRoundAsync(store, first, acknowledged);
        }
    }

    [Fact]
    public async Task Kill_AbandonedTemporaryFiles_AreRemovedByTheNextWriterAndThoseOfTheLivingAreNot()
    {
        using var living = new FileBlobStore(Root);
        await living.CreateAsync("a", VersionedContent.Version(1), Stop);
        using (var worker = await StoreWorker.StartAsync("write", Root, 0))
        {
            worker.Go();
            await worker.ReadLineAsync();
            worker.Kill();
            await worker.ReadToEndAsync();
        }

        Assert.Equal(2, Directory.GetDirectories(Path.Combine(Root, "temp")).Length);
        using var next = new FileBlobStore(Root);
        await next.CreateAsync("b", VersionedContent.Version(2), Stop);
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(Root, "temp")).Length);

        Assert.False((await living.CreateAsync("c", VersionedContent.Version(3), Stop)).IsRefused);
    }

    private Task<StoreWorker> StartAsync(string mode, int count, int linkError) => StoreWorker.StartAsync(
        mode, Root, count, refusedCalls: linkError == 0 ? "" : "linkat", refusedError: linkError);

    private async Task<List<string>> RunAsync(string mode, int count, int linkError)
    {
        var workers = await Task.WhenAll(Enumerable.Range(0, Processes).Select(_ => StartAsync(mode, count, linkError)));
        try
        {
            Array.ForEach(workers, worker => worker.Go());
            return [.. (await Task.WhenAll(workers.Select(worker => worker.ReadToEndAsync()))).SelectMany(lines => lines)];
        }
        finally
        {
            Array.ForEach(workers, worker => worker.Dispose());
        }
    }

    private static async Task CheckRoundAsync(FileBlobStore store, int first, List<string[]> acknowledged)
    {
        foreach (var line in acknowledged.Where(line => line[0] == "log"))
        {
            Assert.Equal(line[2], (await CheckAsync(store, $"log/{first}/{line[1]}", Number(line[1]))).ETag);
        }

        var last = acknowledged.Where(line => line[0] == "root").Max(line => Number(line[1]));
        var root = await CheckAsync(store, $"roots/{first}", null);
        Assert.InRange(root.Version, last, last + 1);

        await foreach (var item in store.ListAsync($"log/{first}/", Stop))
        {
            var version = Number(item.Name.Split('/')[^1]);
            await CheckAsync(store, item.Name, version);
            Assert.InRange(version, first + 1, last + 1);
        }
    }

    private static async Task<(string ETag, int Version)> CheckAsync(FileBlobStore store, string name, int? expected)
    {
        var buffer = new byte[VersionedContent.MaxVersionBytes];
        var read = await store.ReadAsync(name, 0, buffer, Stop);
        Assert.False(read.IsMissing, $"{name} is missing");
        var version = VersionedContent.VersionOf(buffer.AsSpan(0, read.Count), read.Length);
        Assert.Equal(expected ?? version, version);
        return (read.ETag!, version);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
