using Swarm;
using Swarm.Inference;

using var model = LlamaModel.CreatePreset("tiny", 42);             // random weights, nothing to download
using var runtime = model.CreateRuntime(maxPositions: 4096);
await using var swarm = await SwarmClient.ConnectAsync(Environment.GetEnvironmentVariable("SWARM_ADDRESS")!, new SwarmCredential("default"));
await using var memory = await swarm.Agent(args[0])
    .OpenOrTakeOverAsync("track/vehicle-17", runtime, TakeOver.IfHolderTimedOut(TimeSpan.FromSeconds(3)));
Console.WriteLine($"{memory.Rehydration.Loaded} positions loaded, {memory.Rehydration.Recomputed} recomputed");
await memory.FeedAsync(new[] { 17, 4, 256 });                      // tokens and KV stream out in the background
Console.WriteLine(string.Join(' ', await memory.GenerateAsync(maxTokens: 16)));
await memory.ReleaseAsync(to: args.ElementAtOrDefault(1) ?? "");   // all is durable then; "" is for anybody
