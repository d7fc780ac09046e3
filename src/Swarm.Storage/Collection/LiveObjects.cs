using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Hosting;

namespace Swarm.Storage.Collection;

/// <summary>What the roots that were read refer to.</summary>
internal sealed class LiveObjects
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<Id128, ulong> _tails = [];

    /// <summary>Whether some root refers to an object.</summary>
    public bool Contains(string name) => _names.Contains(name);

    /// <summary>First segment of a log that some root's tail needs.</summary>
    public bool TryGetTail(Id128 writer, out ulong first) => _tails.TryGetValue(writer, out first);

    /// <summary>Adds what a root refers to.</summary>
    /// <param name="services">What the store's contexts share.</param>
    /// <param name="id">The context.</param>
    /// <param name="root">Its root.</param>
    /// <exception cref="CorruptObjectException">A page is damaged or missing; the message names it.</exception>
    public async Task AddAsync(ContextServices services, ContextId id, ContextRoot root)
    {
        foreach (var (writer, sequence) in root.Tails)
        {
            _tails[writer] = _tails.TryGetValue(writer, out var before) ? Math.Min(before, sequence) : sequence;
        }

        foreach (var page in root.InputPages)
        {
            _names.Add(BlobNames.Page(id, page));
        }

        if (root.StatePage is not null)
        {
            _names.Add(BlobNames.Page(id, root.StatePage));
        }

        foreach (var page in root.ExtentPages)
        {
            // Its name comes last: a page that cannot be read is read again at the next try, and what it names is not given up.
            var name = BlobNames.Page(id, page);
            if (!_names.Contains(name))
            {
                foreach (var extent in await services.Pages.ReadExtentsAsync(id, page))
                {
                    _names.Add(BlobNames.Of(id, extent.Payload.Object));
                }

                _names.Add(name);
            }
        }
    }
}
