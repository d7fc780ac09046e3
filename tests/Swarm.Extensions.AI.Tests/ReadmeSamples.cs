using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Extensions.AI.Tests;

/// <summary>What the packages' readmes show is compiled and run here.</summary>
public sealed class ReadmeSamples
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Samples_OfTheReadmes_AreTheCodeOfThisFile()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../.."));
        var code = Lines(await File.ReadAllTextAsync(ThisFile(), Token));
        foreach (var package in new[] { "Swarm.Extensions.AI", "Swarm.Extensions.Agents" })
        {
            var blocks = (await File.ReadAllTextAsync(Path.Combine(root, "src", package, "README.md"), Token)).Split("```csharp\n")[1..];
            Assert.NotEmpty(blocks);
            Assert.All(blocks, block => Assert.Contains(Lines(block[..block.IndexOf("```", StringComparison.Ordinal)]), code, StringComparison.Ordinal));
        }

        static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));
    }

    [Fact]
    public async Task Samples_OfTheReadmes_Run()
    {
        using var folder = new TempDirectory();
        using var host = BuildHost(folder.Path);
        var chat = host.Services.GetRequiredService<IChatClient>();

        await TalkAsync(chat);
        await RunAsync(chat);

        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private static IHost BuildHost(string folder)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var (format, model) = (TemplateFormatTests.Load(folder), new ToyModel());
        builder.Services.AddSwarmClient(options => options.Address = "swarm://127.0.0.1:7400");
        builder.Services.AddSwarmChatClient((options, services) =>
        {
            options.Format = format.ToConversationFormat();                       // ChatFormat.Load(path): the model's template and tokenizer
            options.CreateRuntime = () => model.CreateRuntime(maxPositions: 8192); // one for each conversation that is open
        }).UseLogging();
        builder.Services.AddSingleton(new InMemorySwarm().Connect()); // In place of the silo.
        return builder.Build();
    }

    private static async Task TalkAsync(IChatClient chat)
    {
        var first = await chat.GetResponseAsync("What is on the bridge?");
        var next = await chat.GetResponseAsync("And behind it?", new ChatOptions { ConversationId = first.ConversationId });
        Console.WriteLine($"{next.Usage!.CachedInputTokenCount} of {next.Usage.InputTokenCount} tokens were not computed");
        var whatIf = await chat.GetService<SwarmChatClient>()!.ForkAsync(first.ConversationId!); // the same conversation, to go another way
        Assert.NotEqual(first.ConversationId, whatIf);
    }

    private static async Task RunAsync(IChatClient chat)
    {
        var agent = new ChatClientAgent(chat, instructions: "Watch the bridge.", name: "drone");
        var session = await agent.CreateSessionAsync();
        await agent.RunAsync("What do you see?", session);
        var kept = await agent.SerializeSessionAsync(session);           // survives the process
        var resumed = await agent.DeserializeSessionAsync(kept);         // in any other one
        var whatIf = await agent.ForkSessionAsync(session);              // goes another way from here
        await agent.RunAsync("Fly under it.", whatIf);
        await agent.RunAsync("Fly over it.", resumed);
    }

    private static string ThisFile([System.Runtime.CompilerServices.CallerFilePath] string source = "") => source;

    private sealed class ToyModel
    {
        private readonly int _vocabularySize = new ByteTokenizer().VocabularySize;

        public ToyRuntime CreateRuntime(int maxPositions) => new(maxPositions: maxPositions, vocabularySize: _vocabularySize);
    }
}
