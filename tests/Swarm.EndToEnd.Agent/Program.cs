using System.Globalization;
using Microsoft.Extensions.Logging;
using Swarm;
using Swarm.EndToEnd.Agent;

// Orders come on standard input, one a line: "open c...", "take silence-ms c...", "release c..."; of a fleet "join agent...",
// "hold c..." of new contexts, "handoff c...", "leave". It ends with its input.
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
        DataPlane = { MapEndpoint = endpoint => arguments.Endpoints.GetValueOrDefault(endpoint, endpoint) },
    });
Dictionary<string, (Task Running, CancellationTokenSource Release)> workers = [];
List<FleetWorker> fleet = [];
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
        case ["join", .. var agents]:
            fleet.AddRange(agents.Select(agent => new FleetWorker(swarm, arguments, agent, history)));
            await Task.WhenAll(fleet.Select(agent => agent.JoinAsync()));
            break;
        case ["hold", .. var contexts]:
            for (var index = 0; index < contexts.Length; index++)
            {
                fleet[index % fleet.Count].Hold(contexts[index]);
            }

            break;
        case ["handoff", .. var contexts]:
            Array.ForEach(contexts, context => fleet.ForEach(agent => agent.RequestHandoff(context)));
            break;
        case ["leave"]:
            await Task.WhenAll(fleet.Select(agent => agent.DisposeAsync().AsTask()));
            history.Write(EventKind.Left);
            break;
        default:
            history.Write(EventKind.Failed, text: $"unknown order '{line}'");
            break;
    }
}

void Start(string context, TimeSpan? silence)
{
    var release = new CancellationTokenSource();
    var agent = swarm.Agent($"{arguments.Name}-{context.Replace('/', '-')}");
    var worker = new ContextWorker(arguments, context, history);
    workers[context] = (Task.Run(() => worker.RunAsync(agent, silence, release.Token)), release);
}
