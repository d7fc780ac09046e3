namespace Swarm.Testing.Simulation;

/// <summary>A process of a <see cref="World"/>: what it runs stops for good when it is killed, for a while when paused.</summary>
public sealed class SimulatedProcess : TaskScheduler
{
    private readonly World _world;
    private readonly TaskFactory _factory;

    internal SimulatedProcess(World world, string name)
    {
        _world = world;
        Name = name;
        _factory = new TaskFactory(this);
    }

    public string Name { get; }

    public bool IsDead { get; private set; }

    public bool IsPaused { get; set; }

    /// <summary>Whether its work runs in the order in which it came, as on a thread that takes it from a queue.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>Runs after each of its steps: what others do in between.</summary>
    public Action? Stepped { get; set; }

    public Task Run(Func<Task> work) => _factory.StartNew(work).Unwrap();

    public Task<T> Run<T>(Func<Task<T>> work) => _factory.StartNew(work).Unwrap();

    public void Kill()
    {
        IsDead = true;
        _world.Forget(this);
    }

    internal void Execute(Task task)
    {
        TryExecuteTask(task);
        Stepped?.Invoke();
    }

    protected override void QueueTask(Task task) => _world.Enqueue(this, task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
