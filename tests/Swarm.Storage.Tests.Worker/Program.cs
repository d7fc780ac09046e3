using System.Buffers;
using System.Globalization;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Testing.Blobs;

namespace Swarm.Storage.Tests.Worker;

/// <summary>A process that works on a folder store beside other processes, and is killed at times.</summary>
/// <remarks>
/// <c>&lt;mode&gt; &lt;store&gt; &lt;count&gt;</c>. It says "ready", waits for a line, works, and prints a line for each
/// acknowledged write. The kernel refuses it the calls that <c>SWARM_REFUSED_CALLS</c> names, with the error number in
/// <c>SWARM_REFUSED_ERROR</c>.
/// </remarks>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (Environment.GetEnvironmentVariable("SWARM_REFUSED_CALLS") is { Length: > 0 } refused)
        {
            RefusedCalls.Install(refused, int.Parse(Environment.GetEnvironmentVariable("SWARM_REFUSED_ERROR")!, CultureInfo.InvariantCulture));
        }

        using var store = new FileBlobStore(args[1]);
        var count = int.Parse(args[2], CultureInfo.InvariantCulture);
        Say("ready");
        Console.In.ReadLine();
        switch (args[0])
        {
            case "create":
                await CreateAsync(store, count);
                return 0;
            case "count":
                await CountAsync(store, count);
                return 0;
            case "write":
                await WriteAsync(store, count);
                return 0;
            case "fill":
                await FillAsync(store, count);
                return 0;
            default:
                return 2;
        }
    }

    // Creates the same names as its rivals.
    private static async Task CreateAsync(FileBlobStore store, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var write = await store.CreateAsync($"race/{i}", VersionedContent.Version(i), default);
            if (!write.IsRefused)
            {
                Say($"{i} {write.ETag}");
            }
        }
    }

    // Adds one to a shared number so many times.
    private static async Task CountAsync(FileBlobStore store, int count)
    {
        var buffer = new byte[sizeof(int)];
        for (var done = 0; done < count;)
        {
            var read = await store.ReadAsync("number", 0, buffer, default);
            var next = new ReadOnlySequence<byte>(BitConverter.GetBytes(BitConverter.ToInt32(buffer) + 1));
            if (!(await store.ReplaceAsync("number", next, read.ETag!, default)).IsRefused)
            {
                done++;
            }
        }
    }

    // Creates log/0, log/1, … and replaces one root, until it is killed.
    private static async Task WriteAsync(FileBlobStore store, int first)
    {
        var etag = (await store.CreateAsync($"roots/{first}", VersionedContent.Version(first), default)).ETag!;
        Say($"root {first} {etag}");
        for (var i = first + 1; ; i++)
        {
            var create = store.CreateAsync($"log/{first}/{i}", VersionedContent.Version(i), default);
            var replace = store.ReplaceAsync($"roots/{first}", VersionedContent.Version(i), etag, default);
            Say($"log {i} {(await create).ETag}");
            etag = (await replace).ETag!;
            Say($"root {i} {etag}");
        }
    }

    // Creates objects of so many bytes until there is a fault, and says what it was.
    private static async Task FillAsync(FileBlobStore store, int bytes)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                await store.CreateAsync($"fill/{i}", new(new byte[bytes]), default);
                Say($"created {i}");
            }
        }
        catch (BlobStoreException fault)
        {
            Say($"fault {fault.IsTransient} {fault.Message}");
        }
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
