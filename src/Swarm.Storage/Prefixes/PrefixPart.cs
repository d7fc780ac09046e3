namespace Swarm.Storage.Prefixes;

/// <summary>One part of the index: slots with linear probing. A slot of what is gone is passed over, and used again.</summary>
internal sealed class PrefixPart(PrefixIndex index)
{
    private const int FirstSlots = 16;

    private readonly Lock _lock = new();
    private PrefixSlot[] _slots = [];
    private int _used;

    /// <summary>Name of the context that has a block, with its KV; or <see langword="null"/>.</summary>
    public string? Find(ulong tag, long end)
    {
        lock (_lock)
        {
            if (_slots.Length == 0)
            {
                return null;
            }

            var mask = (uint)_slots.Length - 1;
            for (var at = (uint)tag & mask; _slots[at].Span != 0; at = (at + 1) & mask)
            {
                if (_slots[at].Tag == tag && _slots[at].End == end && index.SpanOf(_slots[at].Span) is var span && span.Holds(end))
                {
                    return span.Context.Name;
                }
            }

            return null;
        }
    }

    /// <summary>Adds a block, unless it is there.</summary>
    public void Add(PrefixSlot slot)
    {
        lock (_lock)
        {
            if ((_used + 1) * 4L > _slots.Length * 3L)
            {
                Rebuild();
            }

            var mask = (uint)_slots.Length - 1;
            long free = -1;
            var at = (uint)slot.Tag & mask;
            for (; _slots[at].Span != 0; at = (at + 1) & mask)
            {
                var span = index.SpanOf(_slots[at].Span);
                if (_slots[at].Tag == slot.Tag && _slots[at].End == slot.End)
                {
                    if (span.Holds(slot.End))
                    {
                        return;
                    }

                    free = at;
                    break;
                }

                if (free < 0 && !span.MayHold(_slots[at].End))
                {
                    free = at;
                }
            }

            if (free >= 0)
            {
                index.Note(_slots[free].Span, -1);
            }
            else
            {
                _used++;
                free = at;
            }

            _slots[free] = slot;
            index.Note(slot.Span, 1);
        }
    }

    /// <summary>Gives up the slots of what is gone.</summary>
    public void Clean()
    {
        lock (_lock)
        {
            if (_used > 0)
            {
                Rebuild();
            }
        }
    }

    /// <summary>Leaves out what is gone, in a table that is as large as what stays needs.</summary>
    private void Rebuild()
    {
        var before = _slots;
        var stays = 0;
        foreach (var slot in before)
        {
            stays += slot.Span != 0 && index.SpanOf(slot.Span).MayHold(slot.End) ? 1 : 0;
        }

        var length = FirstSlots;
        while (length * 3L < (stays + 1) * 8L)
        {
            length *= 2; // So that it is under three eighths full, and as much again fits.
        }

        (_slots, _used) = (new PrefixSlot[length], 0);
        var mask = (uint)length - 1;
        foreach (var slot in before)
        {
            if (slot.Span == 0)
            {
                continue;
            }

            if (!index.SpanOf(slot.Span).MayHold(slot.End))
            {
                index.Note(slot.Span, -1);
                continue;
            }

            var at = (uint)slot.Tag & mask;
            while (_slots[at].Span != 0)
            {
                at = (at + 1) & mask;
            }

            _slots[at] = slot;
            _used++;
        }
    }
}
