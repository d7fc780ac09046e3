using Swarm.Host;
using Swarm.Host.Startup;

if (args.Contains("--help"))
{
    Console.WriteLine(HostArguments.Help);
    return 0;
}

try
{
    await using var host = await SwarmHost.StartProcessAsync(args);
    host.LimitStop();
    await host.WaitForShutdownAsync();
    return host.Failure is null ? 0 : 1;
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
