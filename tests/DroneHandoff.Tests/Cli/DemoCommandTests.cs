using System.Net;
using System.Net.Sockets;
using DroneHandoff.Cli;
using DroneHandoff.Options;
using DroneHandoff.Tests.Models;
using Swarm.Gguf;
using Swarm.Inference.Presets;
using Swarm.Testing;
using Swarm.Testing.Models;

namespace DroneHandoff.Tests.Cli;

/// <summary>Each bad option is told clearly, before anything starts, and ends with code 2.</summary>
public sealed class DemoCommandTests
{
    [Fact]
    public async Task InvokeAsync_NoOptions_HasTheDocumentedDefaults()
    {
        var (code, options, error) = await InvokeAsync();

        Assert.Equal(0, code);
        Assert.Equal("", error);
        Assert.NotNull(options);
        Assert.Equal(new DemoStore(StoreKind.File), options.Store);
        Assert.Equal(HandoffKind.Planned, options.Handoff);
        Assert.False(options.LosesSilo);
        Assert.Equal(4096, options.Positions);
        Assert.Equal("tiny", options.Model);
        Assert.Equal("m2zoom.SRT", options.Sensor.Name);
        Assert.Equal("", options.JsonPath);
    }

    [Fact]
    public async Task InvokeAsync_EveryOption_IsRead()
    {
        var json = Path.GetTempFileName();
        try
        {
            var (code, options, _) = await InvokeAsync(
                "--store", "azurite", "--handoff", "crash", "--lose-silo", "--positions", "500", "--model", "small", "--telemetry",
                Path.Combine(Recordings.Folder, "p4_rtk.SRT"), "--json", json, "--seed", "7");

            Assert.Equal(0, code);
            Assert.NotNull(options);
            Assert.Equal(StoreKind.Azurite, options.Store.Kind);
            Assert.Equal(HandoffKind.Crash, options.Handoff);
            Assert.True(options.LosesSilo);
            Assert.Equal((500, "small", 55, json, 7), (
                options.Positions, options.Model, Assert.IsType<RecordedSensor>(options.Sensor).Flight.RecordedCount, options.JsonPath, options.Seed));
        }
        finally
        {
            File.Delete(json);
        }
    }

    [Theory]
    [InlineData("--store", "disk", "--store 'disk' is neither 'file', 'azurite' nor")]
    [InlineData("--handoff", "abrupt", "--handoff 'abrupt' is neither 'planned' nor 'crash'.")]
    [InlineData("--positions", "63", "--positions '63' is not a whole number from 64 to 262144.")]
    [InlineData("--positions", "many", "--positions 'many' is not a whole number")]
    [InlineData("--positions", "99999999999", "--positions '99999999999' is not a whole number")]
    [InlineData("--seed", "-1", "--seed '-1' is not a whole number from 0")]
    [InlineData("--model", "huge", "--model 'huge' does not exist. Give 'tiny', 'small', a directory with a config.json, or a GGUF file.")]
    [InlineData("--model", "/", "--model '/' is a directory without a config.json. Give 'tiny', 'small',")]
    [InlineData("--positions", "65536", "--model 'tiny' has 65536 positions (max_position_embeddings), and --positions 65536")]
    [InlineData("--positions", "200000", "give --positions 65458 or less, or a model with more.")]
    [InlineData("--telemetry", "no-such.SRT", "--telemetry 'no-such.SRT' cannot be read")]
    [InlineData("--telemetry", "udp://127.0.0.1", "--telemetry 'udp://127.0.0.1' cannot be used: it has no address and port: write udp://ADDRESS:PORT")]
    [InlineData("--telemetry", "tcp://127.0.0.1:5760", "--telemetry 'tcp://127.0.0.1:5760' cannot be used: packets are received over UDP alone")]
    [InlineData("--telemetry", "udp://192.0.2.1:14550", "cannot be received: 192.0.2.1 is not an address of this machine")]
    [InlineData("--json", "/no-such-folder/out.json", "--json '/no-such-folder/out.json' cannot be written")]
    [InlineData("--speed", "9", "--speed")]
    public async Task InvokeAsync_BadOption_SaysWhyAndEndsWithTwo(string option, string value, string expected)
    {
        var (code, options, error) = await InvokeAsync(option, value);

        Assert.Equal(2, code);
        Assert.Null(options);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("--help", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_MalformedTelemetry_NamesFileAndLine()
    {
        var (code, _, error) = await InvokeAsync(
            "--telemetry", Path.Combine(Recordings.Folder, "broken_incomplete2.SRT"));

        Assert.Equal(2, code);
        Assert.Contains("broken_incomplete2.SRT, line 17: expected ']'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_EmptyFiles_SaysThatTheyAreAndWhere()
    {
        using var folder = new TempDirectory();
        var path = folder.Combine("empty");
        await File.WriteAllBytesAsync(path, [], TestContext.Current.CancellationToken);

        var (_, _, telemetry) = await InvokeAsync("--telemetry", path);
        var (_, _, model) = await InvokeAsync("--model", path);

        Assert.Contains($"--telemetry '{path}' is malformed: empty, line 1", telemetry, StringComparison.Ordinal);
        Assert.Contains("the file is empty", telemetry, StringComparison.Ordinal);
        Assert.Contains($"{path} is empty.", model, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_Interrupted_SaysSoAndEndsWithItsOwnCode()
    {
        var error = new StringWriter();

        var code = await new DemoCommand().InvokeAsync([], error, (_, _) => throw new OperationCanceledException());

        Assert.Equal(DemoCommand.Interrupted, code);
        Assert.StartsWith("Interrupted", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_TelemetryThatWasCutOff_GoesOnWithAWarning()
    {
        var (code, options, error) = await InvokeAsync(
            "--telemetry", Path.Combine(Recordings.Folder, "broken_incomplete.SRT"));

        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Equal(19, Assert.IsType<RecordedSensor>(options!.Sensor).Flight.RecordedCount);
        Assert.Contains("broken_incomplete.SRT was cut off", Assert.Single(options.Sensor.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_TelemetryOverUdp_TakesTheEndpointIfItsPortIsFree()
    {
        using var free = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var text = $"udp://{free.Client.LocalEndPoint}?system=3";
        var (usedCode, _, used) = await InvokeAsync("--telemetry", text);
        free.Dispose();
        var (code, options, error) = await InvokeAsync("--telemetry", text);

        Assert.Equal((2, 0), (usedCode, code));
        Assert.Contains("is in use", used, StringComparison.Ordinal);
        Assert.Empty(error);
        Assert.Equal(((byte?)3, text), (Assert.IsType<LiveSensor>(options!.Sensor).Endpoint.System, options.Sensor.Name));
    }

    [Fact]
    public async Task InvokeAsync_SeveralFaults_TellsThemAll()
    {
        var (_, _, error) = await InvokeAsync("--store", "disk", "--seed", "x", "--handoff", "y");

        Assert.Contains("--store", error, StringComparison.Ordinal);
        Assert.Contains("--seed", error, StringComparison.Ordinal);
        Assert.Contains("--handoff", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2048, "1500", "planned", null)]
    [InlineData(2048, "1500", "crash", null)]
    [InlineData(1024, "946", "planned", null)]
    [InlineData(1024, "400", "crash", null)]
    [InlineData(150, "64", "planned", null)]
    [InlineData(2048, "4096", "planned", "--positions 4096 with a planned handoff needs 4170; give --positions 1972 or less")]
    [InlineData(1024, "947", "planned", "needs 1026; give --positions 946 or less")]
    [InlineData(1024, "900", "crash", "--positions 900 with a crash handoff needs 1362; give --positions 562 or less")]
    [InlineData(149, "64", "planned", "needs 150; give a model with more")]
    public async Task InvokeAsync_ModelOfShortSequences_IsTakenIfTheRunFits(
        int modelPositions, string positions, string handoff, string? expected)
    {
        using var folder = new ModelFolder(Preset.Config("tiny") with { MaxPositions = modelPositions });

        var (code, options, error) = await InvokeAsync(
            "--model", folder.Path, "--positions", positions, "--handoff", handoff);

        Assert.Equal(expected is null ? 0 : 2, code);
        Assert.Equal(expected is null, options is not null);
        Assert.Contains(expected ?? "", error, StringComparison.Ordinal);
        if (expected is null)
        {
            Assert.Equal("", error);
        }
    }

    [Fact]
    public async Task InvokeAsync_ModelThatCannotBeUsed_SaysWhyBeforeAnythingStarts()
    {
        using var folder = new ModelFolder(Preset.Config("tiny", vocabularySize: 1000));
        var (smallCode, _, small) = await InvokeAsync("--model", folder.Path);
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "model.safetensors"),
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 7\n",
            TestContext.Current.CancellationToken);
        var (pointerCode, _, pointer) = await InvokeAsync("--model", folder.Path);

        Assert.Equal((2, 2), (smallCode, pointerCode));
        Assert.Contains("The model knows 1000 tokens", small, StringComparison.Ordinal);
        Assert.Contains("Git LFS pointer", pointer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2048, 2049, "1500", null)]
    [InlineData(1024, 2049, "900", null)]
    [InlineData(1024, 2049, "947", "has 1024 positions (llama.context_length), and --positions 947 with a planned handoff needs 1026; give --positions 946 or less")]
    [InlineData(2048, 1000, "64", "The model knows 1000 tokens; telemetry needs")]
    public async Task InvokeAsync_GgufModel_IsTakenIfItFits(int context, int vocabulary, string positions, string? expected)
    {
        using var folder = new TempDirectory();
        var path = new RandomGguf(Context: context, Vocabulary: vocabulary).Write(folder.Combine("model.gguf"));

        var (code, options, error) = await InvokeAsync("--model", path, "--positions", positions);

        Assert.Equal(expected is null ? 0 : 2, code);
        Assert.Equal(expected is null, options is not null);
        Assert.Contains(expected ?? "", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bert", "architecture 'bert' is not supported")]
    [InlineData("newest", "architecture 'newest' and has no key 'newest.block_count'")]
    public async Task InvokeAsync_GgufOfAnotherArchitecture_NamesIt(string architecture, string expected)
    {
        using var folder = new TempDirectory();
        var path = folder.Combine("model.gguf");
        var writer = new GgufWriter();
        writer.Add("general.architecture", architecture);
        writer.Write(path);

        var (code, _, error) = await InvokeAsync("--model", path);

        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("such as llama", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_FileThatIsNoGguf_SaysSo()
    {
        var (code, _, error) = await InvokeAsync("--model", Path.Combine(Recordings.Folder, "p4_rtk.SRT"));

        Assert.Equal(2, code);
        Assert.Contains("p4_rtk.SRT is no GGUF file", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_ModelWithAnUnknownField_SaysSoAndGoesOn()
    {
        using var folder = new ModelFolder(Preset.Config("tiny"));
        var path = Path.Combine(folder.Path, "config.json");
        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(path, text.Replace("{", "{ \"frobnicate\": 3,", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var (code, _, error) = await InvokeAsync("--model", folder.Path);

        Assert.Equal(0, code);
        Assert.Contains("frobnicate 3", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, DemoOptions? Options, string Error)> InvokeAsync(params string[] arguments)
    {
        DemoOptions? read = null;
        var error = new StringWriter();
        var code = await new DemoCommand().InvokeAsync(
            arguments,
            error,
            (options, _) =>
            {
                read = options;
                return Task.FromResult(0);
            });
        return (code, read, error.ToString());
    }
}
