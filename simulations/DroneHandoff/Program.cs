using DroneHandoff.Cli;
using DroneHandoff.Orchestration;
using DroneHandoff.Roles;

return args is [RoleNames.Switch, ..]
    ? await RoleProgram.RunAsync(args)
    : await new DemoCommand().InvokeAsync(args, Console.Error, Demo.RunAsync);
