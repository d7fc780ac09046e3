using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Client.Spool;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;

namespace Swarm.Client.Tests.Spool;

/// <summary>A session with its spool and without a silo: the test says what is durable.</summary>
internal sealed class SpooledSession : IAsyncDisposable
{
    public const string Tenant = "default";
    public const string Agent = "drone-a";
    public const string Context = "track/1";

    private readonly List<int> _tokens = [];
    private readonly SpoolFolder _folder;
    private readonly SpoolSession _session;

    public SpooledSession(string root, MemoryOptions? options = null, ulong epoch = 3)
    {
        Options = options ?? new MemoryOptions { SpoolSyncInterval = TimeSpan.FromMinutes(1) };
        var model = new ModelFingerprint(Digest256.Sha256("model"u8));
        History = new InputHistory(new PrefixHasher(new TenantKey(new byte[TenantKey.SizeBytes]), model, 16));
        States = new StateOutbox();
        State = new SessionState(new Epoch(epoch), default);
        _session = new SpoolSession(model, State, History, States);
        _folder = SpoolFolder.Open(root, Tenant, Agent, Context);
        Directory = _folder.MakeSession(State.Epoch, Secret);
        var header = new SpoolHeader(
            Tenant, Agent, Context, model, State.Epoch, Secret, true, 0, 0, default, -1, null, []);
        Spool = new SessionSpool(
            _folder, Directory, header, null, _session, Options, TimeProvider.System, NullLogger.Instance);
    }

    public static SessionSecret Secret { get; } =
        new([.. Enumerable.Range(1, SessionSecret.SizeBytes).Select(value => (byte)value)]);

    public MemoryOptions Options { get; }

    public InputHistory History { get; }

    public StateOutbox States { get; }

    public SessionState State { get; }

    public SessionSpool Spool { get; }

    public string Directory { get; }

    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>As <see cref="AgentMemory"/> does it.</summary>
    public void Feed(int[] tokens, params NamedState[] states)
    {
        Spool.Reserve(SpoolBuffer.StepBytes(tokens.Length, states));
        try
        {
            Spool.AppendStep(tokens, states);
            _tokens.AddRange(tokens);
        }
        finally
        {
            Spool.EndReservation();
        }
    }

    public void SetState(string name, params byte[] content) =>
        Spool.AppendState(new NamedState(name, History.Length, content));

    public void Acknowledge(long tokens)
    {
        State.Note(State.Epoch, new Watermarks(tokens, 0));
        States.Acknowledge(States.TakeUnsent(tokens));
    }

    /// <summary>Files of the session, as they are now.</summary>
    public IReadOnlyDictionary<string, byte[]> Files() => SpoolSegmentFile.List(Directory)
        .ToDictionary(file => Path.GetFileName(file.Path), file => File.ReadAllBytes(file.Path));

    public ValueTask DisposeAsync() => Spool.DisposeAsync();
}
