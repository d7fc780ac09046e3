using System.CommandLine;
using Swarm.Benchmarks;

var quick = new Option<bool>("--quick") { Description = "Fewer bytes and rounds: a look, not a figure to quote." };
var only = new Option<string>("--only") { Description = "What the names of the wanted rows begin with.", DefaultValueFactory = _ => "" };
var json = new Option<FileInfo?>("--json") { Description = "Writes the rows to a file too." };
var report = new Command("report", "Measures whole paths against their references, and prints a table.") { quick, only, json };
report.SetAction((parsed, cancellationToken) => new ReportRun(
    parsed.GetValue(quick), parsed.GetValue(only)!, parsed.GetValue(json), Console.Out).RunAsync(cancellationToken));
return await new RootCommand("Benchmarks of Swarm.") { report }.Parse(args).InvokeAsync();
