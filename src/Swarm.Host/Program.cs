using Swarm.Host;

return await SwarmHost.RunProcessAsync(args);
