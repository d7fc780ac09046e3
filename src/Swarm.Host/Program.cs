using Swarm.Host;
using Swarm.Host.Startup;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(HostArguments.Help);
    return 0;
}

SwarmHost host;
try
{
    host = await SwarmHost.StartProcessAsync(args);
}
catch (HostStartException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("The silo was told to end before it was up.");
    return 0;
}
catch (OrleansException exception)
{
    await Console.Error.WriteLineAsync($"The silo cannot start: {exception}"); // Not foreseen: with its stack.
    return 1;
}

await using (host)
{
    await host.WaitForShutdownAsync();
    return host.Failure is null ? 0 : 1;
}
