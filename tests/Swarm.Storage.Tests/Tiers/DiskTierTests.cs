using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Files;
using Swarm.Storage.Tests.Simulation;
using Swarm.Storage.Tiers;
using Swarm.Testing;
using Swarm.Testing.Diagnostics;
using Xunit;

namespace Swarm.Storage.Tests.Tiers;

/// <summary>KV on the silo's disk: bounded, never needed, and never other bytes than were put there for a reader who asks for a check. Promises 2 and 5.</summary>
public sealed class DiskTierTests : IDisposable
{
    private const long Capacity = 64 << 20;
    private const int Positions = 65_536;
    private const int Run = 4_096; // 128 KiB.

    private static readonly ContextSpec _spec = new("t", "c", SmallModel.Descriptor, SmallModel.BlockTokens);

    private readonly TempDirectory _folder = new();
    private readonly MemoryTier _memory = new(1 << 30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_AFileInPlaceOfTheFolder_SaysSo()
    {
        var file = _folder.Combine("file");
        File.WriteAllText(file, "");

        var refused = Assert.Throws<IOException>(() => new DiskTier(file, Capacity, NullLogger.Instance, new StorageMetrics(null)));

        Assert.Equal($"The disk tier's folder '{file}' is a file. Give each silo a folder of its own that it may write to.", refused.Message);
    }

    [Fact]
    public async Task Tier_UsedAndDamagedAtRandom_GivesWhatWasPutOrNothing()
    {
        var seeded = new SeededTest();
        var random = seeded.Random;
        var known = new List<(PayloadRef Key, byte[] Content)>();
        var damaged = new HashSet<string>(); // Since the tier was opened: what was damaged before is checked.
        var tier = new DiskTier(_folder.Path, Capacity, NullLogger.Instance, new StorageMetrics(null));
        var (hits, opened, reopened) = (0, 0, 0);
        for (var step = 0; step < 600; step++)
        {
            switch (step % 100 == 99 ? 7 : random.Next(7))
            {
                case < 3:
                    var content = new byte[random.Next(DiskTier.MinPayloadBytes - 1000, 1 << 20)];
                    random.NextBytes(content);
                    var key = new PayloadRef(
                        random.Next(2) == 0
                            ? ObjectRef.Chunk(Id(random), Id(random))
                            : ObjectRef.Segment(Id(random), (ulong)random.NextInt64()),
                        random.Next(1000),
                        content.Length,
                        ManifestCodec.Checksum(content));
                    known.Add((key, content));
                    await OfferAsync(tier, key, content);
                    break;
                case < 6 when known.Count > 0:
                    var (wanted, expected) = known[random.Next(known.Count)];
                    var found = new byte[wanted.Length];
                    var mayDiffer = damaged.Contains(DiskFile.NameOf(wanted).ToString("x32", CultureInfo.InvariantCulture));
                    if (random.Next(2) == 0)
                    {
                        using var file = await tier.TryOpenAsync(wanted);
                        if (file is not null)
                        {
                            opened++;
                            Assert.Equal(wanted.Length, RandomAccess.Read(file.Stream.SafeFileHandle, found, file.Offset));
                            Assert.True(found.AsSpan().SequenceEqual(expected) || mayDiffer, "a file of other bytes than were put there");
                        }

                        break;
                    }

                    var isRecheck = random.Next(2) == 0;
                    if (await tier.TryReadAsync(wanted, found, isRecheck))
                    {
                        hits++;
                        Assert.True(
                            found.AsSpan().SequenceEqual(expected) || (!isRecheck && mayDiffer),
                            "other bytes than were put there");
                        Assert.True(wanted.Length >= DiskTier.MinPayloadBytes);
                    }

                    break;
                case 6:
                    if (Damage(random) is { } name)
                    {
                        damaged.Add(name);
                    }

                    break;
                case 7:
                    tier.Dispose();
                    damaged.Clear();
                    await File.WriteAllTextAsync(Path.Combine(_folder.Path, "half.kv.new"), "half written", Token);
                    tier = new DiskTier(_folder.Path, Capacity, NullLogger.Instance, new StorageMetrics(null));
                    reopened++;
                    break;
            }

            Assert.InRange(tier.UsedBytes, 0, Capacity);
        }

        Assert.True(hits > 25 && opened > 5 && reopened == 6, $"{hits} hits, {opened} files, reopened {reopened} times: the test is too kind");
        var onDisk = new DirectoryInfo(_folder.Path).EnumerateFiles("*.kv").Sum(file => file.Length);
        Assert.InRange(onDisk, 1, Capacity);
        tier.Dispose();
    }

    [Fact]
    public async Task Tier_OverItsCapacity_KeepsWhatWasUsedLast()
    {
        using var tier = new DiskTier(_folder.Path, 10 << 20, NullLogger.Instance, new StorageMetrics(null));
        var keys = new List<PayloadRef>();
        for (var index = 0; index < 10; index++)
        {
            var content = new byte[1 << 20];
            content[0] = (byte)index;
            keys.Add(Key((ulong)index, content));
            await OfferAsync(tier, keys[index], content);
        }

        Assert.True(await tier.TryReadAsync(keys[0], new byte[1 << 20], isRecheck: false));
        await OfferAsync(tier, Key(10, new byte[1 << 20]), new byte[1 << 20]);

        Assert.True(tier.Contains(keys[0]));
        Assert.False(tier.Contains(keys[1]));
        Assert.Equal(10, tier.Count);
        Assert.Equal(10, Directory.GetFiles(_folder.Path, "*.kv").Length);
    }

    [Fact]
    public void Open_FolderOfAnotherTierOrNone_SaysWhatToDo()
    {
        using var tier = new DiskTier(_folder.Path, Capacity, NullLogger.Instance, new StorageMetrics(null));
        var taken = Assert.Throws<IOException>(() => new DiskTier(_folder.Path, Capacity, NullLogger.Instance, new StorageMetrics(null)));
        Assert.Contains(_folder.Path, taken.Message, StringComparison.Ordinal);
        Assert.Contains("folder of its own", taken.Message, StringComparison.Ordinal);

        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        var wrong = Assert.Throws<IOException>(() => new DiskTier(file, Capacity, NullLogger.Instance, new StorageMetrics(null)));
        Assert.Contains(file, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfferAsync_FolderThatIsGone_LosesNothingButTheOffer()
    {
        using var tier = new DiskTier(Path.Combine(_folder.Path, "tier"), Capacity, NullLogger.Instance, new StorageMetrics(null));
        Directory.Delete(Path.Combine(_folder.Path, "tier"), recursive: true);
        var content = new byte[1 << 20];
        await OfferAsync(tier, Key(1, content), content);

        Assert.False(tier.Contains(Key(1, content)));
        Assert.Equal(0, tier.UsedBytes);
    }

    /// <summary>A silo with little memory reads KV from its disk; also after a restart, and right where the disk lies.</summary>
    [Fact]
    public async Task Store_MemoryTooSmall_ReadsFromDiskAndPastItsDamage()
    {
        using var blobs = new FileBlobStore(Path.Combine(_folder.Path, "store"));
        int[] tokens = [.. Enumerable.Range(0, Positions)];
        await using (var store = NewStore(blobs))
        {
            var context = await FillAsync(store, tokens);
            var read = await ReadAsync(context, tokens);
            Assert.True(read[KvTier.Disk] >= 8, $"only {read[KvTier.Disk]} runs came from the disk");
            read = await ReadAsync(context, tokens, KvReading.FromFiles);
            Assert.True(read[KvTier.Disk] >= 8, $"only {read[KvTier.Disk]} runs came as files of the disk");
        }

        await using (var store = NewStore(blobs))
        {
            var context = (await store.OpenAsync(_spec.Id, Token))!;
            var before = await ReadAsync(context, tokens);
            Assert.True(before[KvTier.Disk] >= 8, $"only {before[KvTier.Disk]} runs came from the disk after a restart");

            foreach (var file in Directory.GetFiles(Path.Combine(_folder.Path, "tier"), "*.kv"))
            {
                File.WriteAllBytes(file, File.ReadAllBytes(file)[1..]);
            }

            before = await ReadAsync(context, tokens, KvReading.FromFiles);
            Assert.True(before[KvTier.Blob] >= 8, $"only {before[KvTier.Blob]} runs came from the store where the disk's were cut");
        }

        foreach (var file in Directory.GetFiles(Path.Combine(_folder.Path, "tier"), "*.kv"))
        {
            Flip(file, 5_000);
        }

        await using (var store = NewStore(blobs))
        {
            var context = (await store.OpenAsync(_spec.Id, Token))!;
            var stored = await ReadAsync(context, tokens, KvReading.FromFiles);
            Assert.Equal(Positions / Run, stored[KvTier.Blob]);
            var after = await ReadAsync(context, tokens);
            Assert.Equal(0, after[KvTier.Disk]);
            Assert.Equal(Positions / Run, after[KvTier.Blob]);
        }
    }

    /// <summary>Copies that rot while the silo runs, in its memory and on its disk: a reader who says so gets the store's, and so does the next.</summary>
    [Fact]
    public async Task Store_CopiesDamagedWhileOpen_RecheckReadsPastThem()
    {
        using var blobs = new FileBlobStore(Path.Combine(_folder.Path, "store"));
        int[] tokens = [.. Enumerable.Range(0, Positions)];
        await using var store = NewStore(blobs);
        var context = await FillAsync(store, tokens);
        var before = await ReadAsync(context, tokens);
        Assert.True(before[KvTier.Disk] > 0 && before[KvTier.Memory] > 0, "both tiers are to be tried");

        foreach (var file in Directory.GetFiles(Path.Combine(_folder.Path, "tier"), "*.kv"))
        {
            Flip(file, 5_000);
        }

        var damaged = 0;
        await foreach (var run in context.ReadKvAsync(0, tokens.Length, KvReading.IntoMemory, Token))
        {
            using (run)
            {
                if (run.Tier == KvTier.Memory)
                {
                    MemoryMarshal.AsMemory(run.Frames).Span[6_000] ^= 1;
                }

                damaged += Record.Exception(() => SmallModel.Matches(run, tokens)) is CorruptObjectException ? 1 : 0;
            }
        }

        Assert.True(damaged >= 8, $"only {damaged} runs are damaged");
        await ReadAsync(context, tokens, KvReading.Rechecked);
        await ReadAsync(context, tokens);
    }

    /// <summary>Not every file system lets its files be sent: after a few of them KV is read, and it is counted.</summary>
    [Fact]
    public async Task Store_FilesCannotBeSent_AreReadFromThenOnAndCounted()
    {
        using var meters = new TestMeters();
        using var recorder = new MetricRecorder(meters);
        using var blobs = new FileBlobStore(Path.Combine(_folder.Path, "store"));
        int[] tokens = [.. Enumerable.Range(0, Positions)];
        await using var store = NewStore(blobs, meters);
        var context = await FillAsync(store, tokens);
        var given = Enum.GetValues<KvTier>().ToDictionary(tier => tier, _ => 0);
        for (var reading = 0; reading < 3; reading++)
        {
            await foreach (var run in context.ReadKvAsync(0, tokens.Length, KvReading.FromFiles, Token))
            {
                using (run)
                {
                    run.File?.GiveUp("test");
                    given[run.Tier] += run.File is null ? 0 : 1;
                }
            }

            foreach (var file in Directory.GetFiles(Path.Combine(_folder.Path, "tier"), "*.kv"))
            {
                File.Delete(file); // What the disk has not is sent out of the store's files.
            }
        }

        Assert.True(given[KvTier.Disk] > 0 && given[KvTier.Blob] > 0, "both are to be tried");
        Assert.Equal(given[KvTier.Blob], recorder.Sum("swarm.store.files.not_sent"));
        await foreach (var run in context.ReadKvAsync(0, tokens.Length, KvReading.FromFiles, Token))
        {
            using (run)
            {
                Assert.Null(run.File);
            }
        }

        await ReadAsync(context, tokens, KvReading.FromFiles);
    }

    private ContextStore NewStore(FileBlobStore blobs, IMeterFactory? meters = null) => new(
        blobs,
        new ContextStoreOptions
        {
            MemoryTierBytes = 512 << 10,
            DiskTierPath = Path.Combine(_folder.Path, "tier"),
            LargeRecordBytes = 64 << 10,
            CompactionRuns = 1024,
        },
        TimeProvider.System,
        NullLoggerFactory.Instance,
        meters: meters);

    private static async Task<IOpenContext> FillAsync(ContextStore store, int[] tokens)
    {
        await store.CreateAsync(_spec, Token);
        var context = (await store.OpenAsync(_spec.Id, Token))!;
        var secret = Digest256.Sha256("secret"u8);
        var grant = await context.AcquireAsync(new AcquireRequest("a", secret, context.Status.Epoch), Token);
        var proof = new SessionProof(grant.Epoch, secret);
        await context.AppendInputsAsync(proof, new InputRun(0, tokens, new[] { tokens.Length }), [], Token);
        var hasher = new PrefixHasher(
            await store.GetTenantKeyAsync("t", Token), SmallModel.Descriptor.ComputeFingerprint(), SmallModel.BlockTokens);
        for (var first = 0; first < tokens.Length; first += Run)
        {
            hasher.Append(tokens.AsSpan(first, Run));
            await context.AppendKvAsync(proof, SmallModel.Kv(hasher.Current(), tokens, first, Run), Token);
        }

        return context;
    }

    private static async Task<Dictionary<KvTier, int>> ReadAsync(IOpenContext context, int[] tokens, KvReading reading = KvReading.IntoMemory)
    {
        var runs = Enum.GetValues<KvTier>().ToDictionary(tier => tier, _ => 0);
        long end = 0;
        await foreach (var given in context.ReadKvAsync(0, tokens.Length, reading, Token))
        {
            using (var run = Loaded(given))
            {
                Assert.Equal(run.Checksum, ManifestCodec.Checksum(run.Frames.Span));
                Assert.Equal(end, run.FirstPosition);
                Assert.True(SmallModel.Matches(run, tokens), $"KV at {end} is not that of the inputs");
                end += run.Count;
                runs[run.Tier]++;
            }
        }

        Assert.Equal(tokens.Length, end);
        return runs;
    }

    /// <summary>A run with its frames in memory.</summary>
    private static KvRunData Loaded(KvRunData run)
    {
        if (run.File is not { } file)
        {
            return run;
        }

        var frames = new byte[file.Length];
        Assert.Equal(frames.Length, RandomAccess.Read(file.Stream.SafeFileHandle, frames, file.Offset));
        return new KvRunData(run.FirstPosition, run.Count, run.PrefixHash, frames, run.Tier, run) { Checksum = run.Checksum };
    }

    private async Task OfferAsync(DiskTier tier, PayloadRef key, byte[] content)
    {
        using var lease = _memory.TryRent(content.Length)!;
        content.CopyTo(lease.Memory);
        await tier.OfferAsync(key, lease);
    }

    /// <summary>Damages a file.</summary>
    /// <returns>Its name, without extension.</returns>
    private string? Damage(Random random)
    {
        var files = Directory.GetFiles(_folder.Path, "*.kv");
        if (files.Length == 0)
        {
            return null;
        }

        var file = files[random.Next(files.Length)];
        switch (random.Next(3))
        {
            case 0:
                Flip(file, random.Next((int)new FileInfo(file).Length));
                break;
            case 1:
                using (var stream = File.OpenWrite(file))
                {
                    stream.SetLength(random.Next((int)stream.Length));
                }

                break;
            default:
                File.Delete(file);
                break;
        }

        return Path.GetFileNameWithoutExtension(file);
    }

    private static void Flip(string file, int offset)
    {
        using var stream = File.Open(file, FileMode.Open);
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 4));
    }

    private static PayloadRef Key(ulong number, byte[] content) =>
        new(ObjectRef.Segment(Id(new Random(7)), number), 0, content.Length, ManifestCodec.Checksum(content));

    private static Id128 Id(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Id128(bytes);
    }
}
