using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Swarm.Benchmarks;
using Swarm.Benchmarks.Kernels;

var quick = new Option<bool>("--quick") { Description = "Fewer bytes and rounds: a look, not a figure to quote." };
var only = new Option<string>("--only") { Description = "What the names of the wanted rows begin with.", DefaultValueFactory = _ => "" };
var json = new Option<FileInfo?>("--json") { Description = "Writes the rows to a file too." };
var plot = new Option<DirectoryInfo?>("--plot") { Description = "Draws pictures into a folder: TTFT by length, speed by size, latencies." };
var report = new Command("report", "Measures whole paths against their references, and prints a table.") { quick, only, json, plot };
report.SetAction((parsed, cancellationToken) => new ReportRun(
    parsed.GetValue(quick), parsed.GetValue(only)!, parsed.GetValue(json), parsed.GetValue(plot), Console.Out).RunAsync(cancellationToken));
var rest = new Argument<string[]>("arguments") { Description = "Go to BenchmarkDotNet, behind --.", Arity = ArgumentArity.ZeroOrMore };
var kernels = new Command("kernels", "Measures single operations with BenchmarkDotNet.") { rest };
kernels.SetAction(parsed => BenchmarkSwitcher.FromTypes([typeof(KvPayloadKernels), typeof(PrefixKernels)])
    .Run(
        parsed.GetValue(rest) is { Length: > 0 } arguments ? arguments : ["--filter", "*"],
        DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)))); // No project to build: works anywhere.
return await new RootCommand("Benchmarks of Swarm.") { report, kernels }.Parse(args).InvokeAsync();
