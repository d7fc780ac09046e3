using System.Threading.Channels;
using DroneHandoff.Messages;
using DroneHandoff.Roles;

namespace DroneHandoff.Processes;

/// <summary>A role of the demo in a process of its own: commands in, events out.</summary>
internal sealed class RoleProcess : IAsyncDisposable
{
    private readonly ChildProcess _child;

    private RoleProcess(ChildProcess child) => _child = child;

    /// <summary>Starts this program again as a role, and waits until its model is loaded and warm.</summary>
    /// <param name="name">Name for messages and for the log.</param>
    /// <param name="role">One of <see cref="RoleNames"/>.</param>
    /// <param name="settings">What it is told first.</param>
    /// <param name="folder">Where its log goes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The role, and what it said of its model.</returns>
    public static async Task<(RoleProcess Role, ReadyEvent Ready)> StartAsync(
        string name, string role, RoleSettings settings, RunFolder folder, CancellationToken cancellationToken)
    {
        var (command, arguments) = Executables.Self(RoleNames.Switch, role);
        var process = new RoleProcess(ChildProcess.Start(name, folder, command, arguments));
        try
        {
            await process._child.WriteLineAsync(MessageJson.ToLine(settings), cancellationToken);
            return (process, await process.ReadAsync<ReadyEvent>(Patience.Start, cancellationToken));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that ends when the command was handed over.</returns>
    public Task SendAsync(RoleCommand command, CancellationToken cancellationToken) =>
        _child.WriteLineAsync(MessageJson.ToLine(command), cancellationToken);

    /// <summary>Gives a command and waits for its answer, over progress that comes before it.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="command">The command.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The answer.</returns>
    public async Task<T> AskAsync<T>(RoleCommand command, TimeSpan patience, CancellationToken cancellationToken)
        where T : RoleEvent
    {
        await SendAsync(command, cancellationToken);
        return await ReadAsync<T>(patience, cancellationToken);
    }

    /// <summary>Waits for an event of a kind; progress before it is passed over.</summary>
    /// <typeparam name="T">The kind.</typeparam>
    /// <param name="patience">How long to wait.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The event.</returns>
    /// <exception cref="DemoException">The role failed, ended, was silent too long, or said something else.</exception>
    public async Task<T> ReadAsync<T>(TimeSpan patience, CancellationToken cancellationToken)
        where T : RoleEvent
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            while (true)
            {
                switch (MessageJson.FromLine<RoleEvent>(await _child.Lines.ReadAsync(limit.Token)))
                {
                    case T wanted:
                        return wanted;
                    case ProgressEvent:
                        continue;
                    case FailedEvent failed:
                        throw new DemoException($"{_child.Name}: {failed.Message} Its log is {_child.LogPath}.");
                    case var other:
                        throw new DemoException(
                            $"{_child.Name} said {other.GetType().Name} where {typeof(T).Name} was expected.");
                }
            }
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DemoException(
                $"{_child.Name} gave no {typeof(T).Name} within {patience.TotalSeconds:0} s; its log is "
                + $"{_child.LogPath}.",
                fault);
        }
        catch (Exception fault) when (fault is ChannelClosedException or FormatException)
        {
            throw new DemoException(
                $"{_child.Name} gave no {typeof(T).Name}.{_child.DescribeEnd()} Its log is {_child.LogPath}.", fault);
        }
    }

    /// <summary>Ends the process as SIGKILL does.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The last progress that came out of it, or <see langword="null"/>.</returns>
    public async Task<ProgressEvent?> KillAsync(CancellationToken cancellationToken)
    {
        await _child.KillAsync(cancellationToken);
        var last = default(ProgressEvent);
        await foreach (var line in _child.Lines.ReadAllAsync(cancellationToken))
        {
            // A killed process may leave half a line.
            if (line.EndsWith('}') && MessageJson.FromLine<RoleEvent>(line) is ProgressEvent progress)
            {
                last = progress;
            }
        }

        return last;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _child.DisposeAsync();
}
