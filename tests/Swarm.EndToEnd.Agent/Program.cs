using System.Globalization;
using Microsoft.Extensions.Logging;
using Swarm;
using Swarm.EndToEnd.Agent;

// Orders come on standard input, one a line: "open c...", "take silence-ms c...", "release c...". It ends with its input.
var arguments = AgentArguments.Parse(args);
using var history = new HistoryWriter(arguments.History, arguments.Name);
using var loggers = LoggerFactory.Create(logging => logging
    .SetMinimumLevel(LogLevel.Warning)
    .AddFilter("Swarm", LogLevel.Information)
    .AddProvider(new AttachmentLog(history)));
await using var swarm = await SwarmClient.ConnectAsync(
    arguments.Address, new SwarmCredential("default"), new SwarmClientOptions
    {
        LoggerFactory = loggers,
        ConnectTimeout = TimeSpan.FromSeconds(40), // Many processes begin at once, on machines with few cores.
    });
Dictionary<string, (Task Running, CancellationTokenSource Release)> workers = [];
await Preflight.RunAsync(swarm, arguments.Name);
history.Write(EventKind.Ready);
while (await Console.In.ReadLineAsync() is { } line)
{
    var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    switch (words)
    {
        case ["open", .. var contexts]:
            Array.ForEach(contexts, context => Start(context, null));
            break;
        case ["take", var silence, .. var contexts]:
            var time = TimeSpan.FromMilliseconds(int.Parse(silence, CultureInfo.InvariantCulture));
            Array.ForEach(contexts, context => Start(context, time));
            break;
        case ["release", .. var contexts]:
            await Task.WhenAll(contexts.Select(context => workers[context].Release.CancelAsync()));
            break;
        default:
            history.Write(EventKind.Failed, text: $"unknown order '{line}'");
            break;
    }
}

void Start(string context, TimeSpan? silence)
{
    var release = new CancellationTokenSource();
    var worker = new ContextWorker(swarm, arguments, context, history);
    workers[context] = (Task.Run(() => worker.RunAsync(silence, release.Token)), release);
}
