using Swarm.Tool.Cli;

return await new ToolCommand(Console.Out, Console.Error).InvokeAsync(args);
