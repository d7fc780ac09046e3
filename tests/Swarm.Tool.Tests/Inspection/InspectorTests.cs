using System.Text.Json.Nodes;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Testing;
using Swarm.Tool.Tests.Support;
using Xunit;

namespace Swarm.Tool.Tests.Inspection;

/// <summary>Every object shown as text and as JSON, sound and damaged.</summary>
public sealed class InspectorTests : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();
    private MemoryBlobStore _blobs = new();

    private static ContextId Id => ContextId.FromNames("t", "track/c");

    private string Segment => _blobs.Names.First(name => name.StartsWith("log/", StringComparison.Ordinal));

    private string Index => _blobs.Names.First(name => name.StartsWith("logindex/", StringComparison.Ordinal));

    private string Page => _blobs.Names.First(name => name.StartsWith("pages/", StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        var written = new MemoryBlobStore();
        await using var store = Writing.Open(written, indexSegments: 2);
        var writing = await Writing.StartAsync(store, "t", "track/c");
        await writing.AddTokensAsync(300);
        await writing.AddKvAsync(250, 10);
        await writing.DisposeAsync();
        var other = await Writing.StartAsync(store, "u", "open");
        await other.AddTokensAsync(20);
        _blobs = written.Copy(); // As if the silo died here.
        await StoreFolder.WriteAsync(_blobs, _folder.Path);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Contexts_OpenAndClosed_AreListedWithTheirTails()
    {
        var (code, view) = await JsonAsync("contexts");

        Assert.Equal(0, code);
        var rows = view["contexts"]!.AsArray().ToDictionary(row => (string)row!["name"]!, row => row!);
        Assert.Equal((300, 250, ""), ((int)rows["track/c"]["tokens"]!, (int)rows["track/c"]["kv"]!, (string)rows["track/c"]["tail"]!));
        Assert.StartsWith("log/", (string)rows["open"]["tail"]!, StringComparison.Ordinal);
        Assert.Equal("drone-a", (string)rows["track/c"]["holder"]!);
    }

    [Fact]
    public async Task Context_WithATail_IsShownAsOpeningWouldFindIt()
    {
        var (code, view) = await JsonAsync("context", "u/open");

        Assert.Equal(0, code);
        Assert.Equal((20, 1UL, "drone-a"), ((int)view["tokens"]!, (ulong)view["epoch"]!, (string)view["holder"]!));
        Assert.True((long)Assert.Single(view["tails"]!.AsArray())!["records"]! >= 3);
        Assert.Equal("tracker", (string)Assert.Single(view["states"]!.AsArray())!["name"]!);
    }

    [Fact]
    public async Task Objects_Sound_AreShownAsTextAndJson()
    {
        var pages = _blobs.Names.Where(name => name.StartsWith("pages/", StringComparison.Ordinal)).Select(name => ("page", name, "Page\""));
        foreach (var (kind, name, expected) in pages.Concat(
        [
            ("root", BlobNames.Root(Id), "\"tokens\": 300"), ("segment", Segment, "\"sequence\": 0"),
            ("index", Index, "\"sequence\": 1"), ("log", Segment.Split('/')[1], "\"segments\": "), ("context", "t/track/c", "\"kv\": 250"),
        ]))
        {
            var (code, json, error) = await RunAsync(kind, name, "--json");
            Assert.Equal((0, ""), (code, error));
            Assert.Contains(expected, json, StringComparison.Ordinal);
            var (textCode, text, _) = await RunAsync(kind, name);
            Assert.Equal(0, textCode);
            Assert.DoesNotContain("{", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("root", 800)]
    [InlineData("segment", 800)]
    [InlineData("page", 800)]
    [InlineData("segment", 30)]
    [InlineData("page", 3)]
    [InlineData("index", 560)]
    public async Task Objects_Damaged_AreShownAsFarAsTheyCanBeRead(string kind, int bit)
    {
        var name = kind switch { "root" => BlobNames.Root(Id), "segment" => Segment, "index" => Index, _ => Page };
        StoreFolder.Flip(_folder.Path, name, bit);

        var (code, view) = await JsonAsync(kind, name);

        Assert.Equal(1, code);
        Assert.Equal(name, (string)view["object"]!);
        Assert.Contains(
            view["faults"]!.AsArray(), fault => ((string)fault!).Contains(bit < 512 ? "bytes 0 to 63" : "bytes 64 to", StringComparison.Ordinal));
        Assert.NotEmpty(view["unverified"]!.AsArray());
    }

    [Fact]
    public async Task Context_DamagedRoot_IsListedAndNamed()
    {
        StoreFolder.Flip(_folder.Path, BlobNames.Root(Id), 1000);

        var (code, list) = await JsonAsync("contexts");
        var (contextCode, context) = await JsonAsync("context", "t/track/c");

        Assert.Equal((1, 1), (code, contextCode));
        Assert.Contains(list["contexts"]!.AsArray(), row => (string?)row!["problem"] is { Length: > 0 });
        Assert.Single(context["damage"]!.AsArray());
    }

    // Eighty columns: no cell is broken, and what is long is whole on a line of its own.
    [Fact]
    public async Task Contexts_AsText_FitATerminal()
    {
        var (_, sound, _) = await RunAsync("contexts");
        var last = _blobs.Names.Last(name => name.StartsWith("log/", StringComparison.Ordinal));
        StoreFolder.Flip(_folder.Path, last, 800);
        StoreFolder.Flip(_folder.Path, BlobNames.Root(Id), 1000);
        var (code, damaged, _) = await RunAsync("contexts");

        Assert.All(sound.Split(Environment.NewLine), line => Assert.True(line.Length <= 80, line));
        Assert.Matches("(?m)^ +tenant +name +state +epoch +holder +positions +KV\r?$", sound);
        Assert.Matches("(?m)^ +t +track/c +Ready +1 +drone-a +300 +250\r?$", sound);
        Assert.Equal(1, code);
        Assert.DoesNotContain("…", damaged, StringComparison.Ordinal);
        Assert.Contains("u       open", damaged, StringComparison.Ordinal);
        Assert.Contains($"      root: {BlobNames.Root(Id)}", damaged, StringComparison.Ordinal);
        Assert.Contains($"      problem: {last}: Segment: ", damaged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Context_AsText_UsesWordsAndLeavesOutWhatIsEmpty()
    {
        var (_, text, _) = await RunAsync("context", "t/track/c");

        foreach (var word in new[] { "isSealed", "modelName", "incarnationId", "damage", "reservedFor", "[]", "parent" })
        {
            Assert.DoesNotContain(word, text, StringComparison.Ordinal);
        }

        Assert.Contains("model name: ", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?m): *\r?$", text.Replace("extents: ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("track/vehicle-17", "There is no context 'vehicle-17' of tenant 'track'")]
    [InlineData("track/vehicle-17", "write default/track/vehicle-17.")]
    [InlineData("default/none", "There is no context 'none' of tenant 'default'")]
    public async Task Context_NotThere_SaysWhatWasTakenForTheTenant(string name, string expected) =>
        Assert.Contains(expected, (await RunAsync("context", name)).Error, StringComparison.Ordinal);

    [Fact]
    public async Task Segment_DamagedPayload_NamesTheFrame()
    {
        var name = _blobs.Names.Where(name => name.StartsWith("log/", StringComparison.Ordinal)).MaxBy(name => _blobs[name].Length)!;
        StoreFolder.Flip(_folder.Path, name, (_blobs[name].Length * 8) - 1);

        var (code, view) = await JsonAsync("segment", name);

        Assert.Equal(1, code);
        Assert.Contains(
            view["records"]!.AsArray(), row => ((string?)row!["problem"])?.Contains("KV frame", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("root", "contexts/none")]
    [InlineData("page", "tenants/00000000000000000000000000000000")]
    [InlineData("segment", "log/x")]
    [InlineData("index", "logindex/x")]
    [InlineData("log", "x")]
    [InlineData("log", "00000000000000000000000000000000")]
    [InlineData("context", "t/none")]
    [InlineData("context", "none")]
    public async Task Objects_NotThereOrOfAnotherKind_AreRefused(string kind, string name)
    {
        var (code, output, error) = await RunAsync(kind, name);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(name, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyView_ShowsNoTenantKey()
    {
        var key = Convert.ToHexStringLower(
            Swarm.Format.Manifests.ManifestCodec.DecodeTenant(_blobs[BlobNames.Tenant(Id.Tenant)]).Key.Bytes);
        foreach (var arguments in new string[][] { ["contexts"], ["context", "t/track/c"], ["root", BlobNames.Root(Id)] })
        {
            Assert.DoesNotContain(key, (await RunAsync([.. arguments, "--json"])).Output, StringComparison.Ordinal);
        }
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) =>
        SwarmCommand.RunAsync(["inspect", .. arguments, "--store", _folder.Path]);

    private Task<(int Code, JsonObject Json)> JsonAsync(params string[] arguments) =>
        SwarmCommand.JsonAsync(["inspect", .. arguments, "--store", _folder.Path]);
}
