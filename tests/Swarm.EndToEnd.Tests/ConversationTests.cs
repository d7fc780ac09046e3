using System.Diagnostics;
using System.Text.Json;
using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>A conversation whose process is killed again and again is the one that it would be without.</summary>
public sealed class ConversationTests
{
    private const int Turns = 20;
    private const int KillEvery = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// Killed behind every third turn: the next process computes the new tokens alone. Every second time it is killed in the midst of an answer: that one is no
    /// part of the conversation, and its message is repeated.
    /// </summary>
    [Fact]
    public async Task Conversation_ProcessKilledEveryThirdTurn_GoesOnWithTheSameTextAndComputesWhatIsNew()
    {
        using var folder = new TempDirectory();
        await using var silo = await HostProcess.StartAsync($"--Swarm:Store:Path={folder.Combine("store")}");
        var chat = await ChatProcess.StartAsync(silo.Address);
        try
        {
            var expected = await chat.TalkAsync("undisturbed", Turns);
            var (cached, kills) = (0L, 0);
            for (var turn = 0; turn < Turns; turn++)
            {
                var isCut = false;
                if (turn > 0 && turn % KillEvery == 0)
                {
                    isCut = ++kills % 2 == 0;
                    if (isCut)
                    {
                        await chat.BeginAsync("killed", Message(turn));
                    }

                    chat.Dispose();
                    chat = await ChatProcess.StartAsync(silo.Address);
                }

                var answer = await chat.AskAsync("killed", Message(turn));

                Assert.True(expected[turn].Text == answer.Text, $"turn {turn}: '{answer.Text}', expected '{expected[turn].Text}'");
                Assert.Equal((expected[turn].Input, expected[turn].Output), (answer.Input, answer.Output));
                Assert.Equal(cached, answer.Cached);
                var needed = answer.Input - answer.Cached + answer.Output;
                if (isCut)
                {
                    Assert.InRange(answer.Computed, needed, 2 * needed); // What was durable of the answer that was cut off, without its KV.
                }
                else
                {
                    Assert.Equal(needed, answer.Computed);
                }

                cached = answer.Input + answer.Output;
            }

            Assert.Equal((Turns - 1) / KillEvery, kills);
        }
        finally
        {
            chat.Dispose();
        }
    }

    /// <summary>With a spool a conversation goes on while the silo is away, and after the death of its process too.</summary>
    [Fact]
    public async Task Conversation_SiloAwayAndProcessKilled_GoesOnFromTheSpool()
    {
        using var folder = new TempDirectory();
        var store = $"--Swarm:Store:Path={folder.Combine("store")}";
        List<Answer> expected;
        List<Answer> found = [];
        await using (var silo = await HostProcess.StartAsync(store))
        {
            using var chat = await ChatProcess.StartAsync(silo.Address, folder.Combine("spool"));
            expected = await chat.TalkAsync("undisturbed", 4);
            found.Add(await chat.AskAsync("spooled", Message(0)));
            await silo.DisposeAsync();
            found.Add(await chat.AskAsync("spooled", Message(1)));
            found.Add(await chat.AskAsync("spooled", Message(2)));
        } // Both are killed.

        await using var again = await HostProcess.StartAsync(store);
        using var successor = await ChatProcess.StartAsync(again.Address, folder.Combine("spool"));
        found.Add(await successor.AskAsync("spooled", Message(3)));

        Assert.Equal(expected.Select(answer => answer.Text), found.Select(answer => answer.Text));
        Assert.Equal(expected.Select(answer => answer.Input), found.Select(answer => answer.Input));
    }

    private static string Message(int turn) => $"Message {turn}: what do you see \u00fcber the bridge?";

    private sealed record Answer(string Text, long Input, long Cached, long Output, long Computed);

    /// <summary>A process of <c>Swarm.EndToEnd.ChatAgent</c>.</summary>
    private sealed class ChatProcess : IDisposable
    {
        private readonly Process _process;

        private ChatProcess(Process process) => _process = process;

        public static async Task<ChatProcess> StartAsync(params string[] arguments)
        {
            var start = new ProcessStartInfo("dotnet", ["exec", Programs.PathOf("tests/Swarm.EndToEnd.ChatAgent"), .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            var chat = new ChatProcess(Process.Start(start)!);
            try
            {
                Assert.Equal("ready", (await chat.ReadAsync()).What);
                return chat;
            }
            catch
            {
                chat.Dispose();
                throw;
            }
        }

        /// <summary>A conversation of so many turns.</summary>
        public async Task<List<Answer>> TalkAsync(string id, int turns)
        {
            List<Answer> answers = [];
            for (var turn = 0; turn < turns; turn++)
            {
                answers.Add(await AskAsync(id, Message(turn)));
            }

            return answers;
        }

        /// <summary>Asks, and waits for the first piece of the answer.</summary>
        public async Task<string> BeginAsync(string id, string message)
        {
            await _process.StandardInput.WriteLineAsync($"{id} {message}");
            await _process.StandardInput.FlushAsync(Token);
            var (what, value) = await ReadAsync();
            Assert.Equal("piece", what);
            return value.GetString()!;
        }

        /// <summary>Asks, and waits for the whole answer.</summary>
        public async Task<Answer> AskAsync(string id, string message)
        {
            var text = await BeginAsync(id, message);
            while (true)
            {
                var (what, value) = await ReadAsync();
                if (what == "done")
                {
                    return new Answer(text, Of("Input"), Of("Cached"), Of("Output"), Of("Computed"));

                    long Of(string name) => value.GetProperty(name).GetInt64();
                }

                text += value.GetString();
            }
        }

        /// <summary>Ends it by SIGKILL.</summary>
        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }

            _process.Dispose();
        }

        private async Task<(string What, JsonElement Value)> ReadAsync()
        {
            var line = await _process.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Token)
                ?? throw new InvalidOperationException("The agent ended.");
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            return (line[..space], JsonSerializer.Deserialize<JsonElement>(line[(space + 1)..]));
        }
    }
}
