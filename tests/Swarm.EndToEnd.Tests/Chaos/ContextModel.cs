using Swarm.EndToEnd.Agent;
using Swarm.Testing.Models;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>What one context must be, from what its sessions fed and were told, session by session.</summary>
/// <remarks>
/// Inputs are a function of epoch and position, so a context is the list of its steps' epochs. The expected logits come
/// from a runtime that computes everything itself: one wrong, lost or foreign byte of KV or input shows.
/// </remarks>
/// <param name="context">Context name.</param>
/// <param name="violations">Receives one sentence for each broken promise.</param>
internal sealed class ContextModel(string context, List<string> violations)
{
    private readonly int _step = Script.StepOf(context);
    private readonly ToyRuntime _runtime = Script.NewRuntime();
    private readonly float[] _logits = new float[Script.NewRuntime().VocabularySize];
    private readonly HashSet<ulong> _epochs = [];
    private readonly List<ulong> _computed = []; // Epochs of the steps that the runtime holds.
    private List<ulong> _steps = []; // What the present session believes.
    private long? _rewindAsked;
    private long _ackedTokens;
    private long _ackedKv;
    private bool _isWhole;

    /// <summary>Positions that the last session had.</summary>
    public long Length => _steps.Count * _step;

    /// <summary>Sessions followed.</summary>
    public int SessionCount { get; private set; }

    /// <summary>Views and logits that were compared.</summary>
    public int Comparisons { get; private set; }

    /// <summary>Digest of the logits behind a length, as computed without any of Swarm.</summary>
    public ulong LogitsAt(long length) => LogitsOf(_steps, length);

    /// <summary>All tokens that the context must hold.</summary>
    public int[] Tokens() =>
        [.. _steps.SelectMany((epoch, index) => Script.Tokens(context, epoch, (long)index * _step))];

    /// <summary>Follows one session. They come in the order of their epochs.</summary>
    public void Follow(List<HistoryEvent> session)
    {
        SessionCount++;
        Open(session[0]);
        var (epoch, process) = (session[0].Epoch, session[0].Process);
        Claim(epoch, process);
        foreach (var item in session.Skip(1))
        {
            switch (item.Kind)
            {
                case EventKind.Feeding:
                    Hold(item.Position == Length && item.Epoch == epoch, item, $"it fed at {item.Position} behind {Length}");
                    _steps.Add(item.Epoch);
                    break;
                case EventKind.FirstToken or EventKind.Logits:
                    Compare(item, _steps, "logits");
                    break;
                case EventKind.Durable:
                    Acknowledge(item);
                    break;
                case EventKind.Rewinding:
                    _rewindAsked = item.Position;
                    break;
                case EventKind.Rewound:
                    Hold(item.Epoch == epoch + 1 && item.Position == _rewindAsked, item, "the rewind went elsewhere");
                    Claim(epoch = item.Epoch, process);
                    Rewind();
                    Acknowledge(item);
                    break;
                case EventKind.Released:
                    Hold(item.Tokens == Length && item.Kv == Length, item, $"released {item.Tokens} and {item.Kv} of {Length}");
                    Acknowledge(item);
                    _isWhole = true;
                    break;
            }
        }
    }

    private void Open(HistoryEvent opened)
    {
        Hold(opened.Position % _step == 0, opened, "a part of a step is visible");
        var isRewound = _rewindAsked is not null && !Matches(opened, _steps);
        if (isRewound)
        {
            Rewind(); // The answer was lost with its agent, the rewind was not.
        }

        Hold(opened.Position <= Length, opened, $"{opened.Position} positions are visible, {Length} were ever fed");
        Hold(opened.Position >= _ackedTokens, opened, $"{_ackedTokens} inputs were acknowledged, {opened.Position} are left");
        Hold(opened.Kv >= _ackedKv, opened, $"KV of {_ackedKv} was acknowledged, {opened.Kv} positions could be loaded");
        Hold(!_isWhole || opened.Position == Length, opened, $"{Length} positions were released, {opened.Position} are visible");
        _rewindAsked = null;
        _isWhole = false;
        if (opened.Position <= Length)
        {
            Compare(opened, _steps, "the view");
            _steps = _steps[..(int)(opened.Position / _step)];
        }

        (_ackedTokens, _ackedKv) = (opened.Position, opened.Kv);
    }

    private void Acknowledge(HistoryEvent item)
    {
        Hold(item.Tokens <= Length && item.Kv <= item.Tokens, item, $"{item.Tokens} and {item.Kv} are durable of {Length}");
        _ackedTokens = Math.Max(_ackedTokens, item.Tokens);
        _ackedKv = Math.Max(_ackedKv, item.Kv);
    }

    private void Rewind()
    {
        _steps = _steps[..(int)(_rewindAsked!.Value / _step)];
        _ackedTokens = Math.Min(_ackedTokens, Length);

        // A run of KV that is cut goes as a whole: its hash covers inputs that are gone. The rewind's answer says how far.
        _ackedKv = 0;
        _rewindAsked = null;
    }

    private void Claim(ulong epoch, string process)
    {
        if (!_epochs.Add(epoch))
        {
            violations.Add($"{context}: epoch {epoch} has two holders, {process} is the second.");
        }
    }

    private bool Matches(HistoryEvent view, List<ulong> steps) =>
        view.Position <= steps.Count * _step
        && view.Position >= _ackedTokens
        && view.Logits == LogitsOf(steps, view.Position);

    private void Compare(HistoryEvent item, List<ulong> steps, string what)
    {
        Comparisons++;
        Hold(item.Logits == LogitsOf(steps, item.Position), item, $"{what} at {item.Position} are not those of its inputs");
    }

    private ulong LogitsOf(List<ulong> steps, long length)
    {
        var count = (int)(length / _step);
        if (count == 0)
        {
            return 0;
        }

        // The last step is always run: its logits are wanted.
        var common = 0;
        while (common < count - 1 && common < _computed.Count && _computed[common] == steps[common])
        {
            common++;
        }

        _runtime.Truncate(common * _step);
        _computed.RemoveRange(common, _computed.Count - common);
        for (; common < count; common++)
        {
            _runtime.Forward(Script.Tokens(context, steps[common], (long)common * _step), _logits);
            _computed.Add(steps[common]);
        }

        return Script.Digest(_logits);
    }

    private void Hold(bool holds, HistoryEvent item, string otherwise)
    {
        if (!holds)
        {
            violations.Add($"{context}, epoch {item.Epoch}, {item.Process}, {item.Kind}: {otherwise}.");
        }
    }
}
