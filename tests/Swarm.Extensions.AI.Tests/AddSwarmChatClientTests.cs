using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Extensions.AI.Tests;

/// <summary>Chat clients as services of a host.</summary>
public sealed class AddSwarmChatClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clients_OfAHost_AnswerAreMeasuredAndGoWithIt()
    {
        var swarm = new InMemorySwarm();
        var measured = 0L;
        string id;
        using (var host = await StartAsync(services =>
        {
            services.AddSingleton(_ => swarm.Connect());
            services.AddKeyedSingleton("ground", (_, _) => swarm.Connect("ground"));
            services.AddSwarmChatClient((options, _) => Set(options)).UseLogging();
            services.AddSwarmChatClient("ground", (options, _) => Set(options));
        }))
        {
            var meters = host.Services.GetRequiredService<IMeterFactory>();
            using var listener = new MeterListener();
            listener.InstrumentPublished = (instrument, it) =>
            {
                if (instrument.Meter.Name == SwarmInstruments.Chat && instrument.Meter.Scope == meters)
                {
                    it.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => measured += instrument.Name == "swarm.chat.tokens" ? value : 0);
            listener.Start();
            var client = host.Services.GetRequiredService<IChatClient>();
            var response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], null, Token);
            id = response.ConversationId!;
            await host.Services.GetRequiredKeyedService<IChatClient>("ground")
                .GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], new ChatOptions { ConversationId = "of-ground" }, Token);

            Assert.Equal(2 * response.Usage!.TotalTokenCount, measured);
            Assert.NotNull(client.GetService<SwarmChatClient>());
            await host.StopAsync(Token);
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        Assert.Equal("", (await swarm.Connect().GetStatusAsync(id, Token)).Holder);
        Assert.Equal("", (await swarm.Connect("ground").GetStatusAsync("of-ground", Token)).Holder);
    }

    [Fact]
    public async Task Settings_OutOfRange_FailTheStartAllNamed()
    {
        var failed = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services =>
        {
            services.AddSingleton(_ => new InMemorySwarm().Connect());
            services.AddSwarmChatClient("ground", (options, _) =>
            {
                options.MaxOpenConversations = 0;
                options.NamePrefix = "No Name/";
                options.Agent = "No Agent";
                options.Sampling = new SamplerOptions(Temperature: -1);
                options.Memory.BlockTokens = 0;
            });
        }));

        Assert.All(
            ["Chat client 'ground'", "Format", "CreateRuntime", "MaxOpenConversations", "No Name/", "No Agent", "Temperature -1", "Memory.BlockTokens"],
            text => Assert.Contains(text, failed.Message, StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => new SwarmChatClient(new InMemorySwarm().Connect(), new SwarmChatClientOptions()));
    }

    private static void Set(SwarmChatClientOptions options) =>
        (options.Format, options.CreateRuntime, options.MaxOutputTokens) = (new ChatMlFormat(), () => new ToyRuntime(vocabularySize: 258), 10);

    private static async Task<IHost> StartAsync(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        add(builder.Services);
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }
}
