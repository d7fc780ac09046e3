using Swarm.DataPlane.Client;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>Keeps what was pushed.</summary>
public sealed class Observer : IDataPlaneObserver
{
    public TaskCompletionSource<Epoch> Fenced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Moved { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<Exception> Lost { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Watermarks Durable { get; private set; }

    public void OnDurable(Epoch epoch, Watermarks durable) => Durable = durable;

    public void OnFenced(Epoch current) => Fenced.TrySetResult(current);

    public void OnMoved() => Moved.TrySetResult();

    public void OnLost(Exception exception) => Lost.TrySetResult(exception);
}
