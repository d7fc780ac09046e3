using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>A process with several agents, that takes orders and records what it is told.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<long> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private AgentProcess(string name, string history, Process process)
    {
        Name = name;
        History = history;
        _process = process;
    }

    /// <summary>Its name, in the history too.</summary>
    public string Name { get; }

    /// <summary>Its history file.</summary>
    public string History { get; }

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>Completes with the time at which the operating system closed its standard error: nobody can notice its end sooner.</summary>
    public Task<long> Closed => _closed.Task;

    /// <summary>Contexts that it was told to hold.</summary>
    public string[] Contexts { get; private set; } = [];

    /// <summary>What it printed on standard error: the client's warnings.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts one.</summary>
    public static AgentProcess Start(string name, string folder, string address, TimeSpan period, params string[] more)
    {
        var history = Path.Combine(folder, name + ".jsonl");
        var start = new ProcessStartInfo(
            "dotnet",
            [
                "exec", Programs.Agent, name, address, history,
                period.TotalMilliseconds.ToString(CultureInfo.InvariantCulture), .. more,
            ])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        Programs.CompileOnce(start);
        var agent = new AgentProcess(name, history, new Process { StartInfo = start });
        agent._process.ErrorDataReceived += (_, line) => agent.Keep(line.Data);
        agent._process.Start();
        agent._process.BeginErrorReadLine();
        return agent;
    }

    /// <summary>Tells it to open new contexts.</summary>
    public Task OpenAsync(string[] contexts) => OrderAsync("open", contexts);

    /// <summary>Tells it to take contexts over once their holders are silent.</summary>
    public Task TakeAsync(TimeSpan silence, string[] contexts) => OrderAsync(
        string.Create(CultureInfo.InvariantCulture, $"take {silence.TotalMilliseconds:0}"), contexts);

    /// <summary>Tells it to give its contexts back.</summary>
    public Task ReleaseAsync() => OrderAsync("release", Contexts);

    /// <summary>Tells it that agents are to join the fleet.</summary>
    public Task JoinAsync(params string[] agents) => SendAsync($"join {string.Join(' ', agents)}");

    /// <summary>Tells its agents of the fleet to hold new contexts.</summary>
    public Task HoldAsync(params string[] contexts) => SendAsync($"hold {string.Join(' ', contexts)}");

    /// <summary>Tells its agents of the fleet to ask for a successor of a context, if one of them holds it.</summary>
    public Task RequestHandoffAsync(string context) => SendAsync($"handoff {context}");

    /// <summary>Tells its agents of the fleet to leave, and to give their contexts back.</summary>
    public Task LeaveAsync() => SendAsync("leave");

    /// <summary>SIGKILL, sent by the time that this returns.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Ends it as SIGKILL does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private Task OrderAsync(string order, string[] contexts)
    {
        Contexts = contexts;
        return SendAsync($"{order} {string.Join(' ', contexts)}");
    }

    private async Task SendAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            _closed.TrySetResult(Stopwatch.GetTimestamp());
        }

        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }
}
