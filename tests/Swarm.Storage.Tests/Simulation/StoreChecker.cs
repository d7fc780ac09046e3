using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.State;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>
/// No root ever refers to an object that is not there, whoever writes roots and deletes objects; and an index of a log never says
/// anything else than the log does.
/// </summary>
internal sealed class StoreChecker
{
    private readonly World _world;
    private readonly SimulatedBlobStore _blobs;
    private readonly Dictionary<string, HashSet<string>> _references = [];
    private readonly HashSet<string> _vacant = [];
    private readonly HashSet<string> _collected = [];

    public StoreChecker(World world, SimulatedBlobStore blobs)
    {
        _world = world;
        _blobs = blobs;
        blobs.Changed = Check;
    }

    /// <summary>An object that the store lost: roots go on to refer to it.</summary>
    public string? Lost { get; set; }

    /// <summary>Objects that collection has deleted.</summary>
    public int Deleted { get; private set; }

    /// <summary>Chunks that roots have referred to: what compaction and large records made.</summary>
    public int Chunks { get; private set; }

    /// <summary>Roots of contexts that are no more, which collection has deleted.</summary>
    public int Roots { get; private set; }

    /// <summary>Indexes of logs that were written.</summary>
    public int Indexes { get; private set; }

    private void Check(string name, byte[]? content)
    {
        if (content is null)
        {
            Deleted++;
            _collected.Add(name);
            Roots += _vacant.Remove(name) ? 1 : 0;
            Require(!_references.ContainsKey(name), $"{name} was deleted; it is the root of a context that is there");
            foreach (var (root, names) in _references)
            {
                Require(!names.Contains(name), $"{name} was deleted; {root} refers to it");
            }
        }
        else if (BlobNames.TryParseRoot(name, out var id))
        {
            var root = ManifestCodec.DecodeRoot(content);
            Trace.Write(
                _world,
                "store",
                $"{root.Name}: root {root.State} {root.Generation}, epoch {root.Epoch}, {root.TokenLength} tokens, KV of {root.KvLengths[0]}, open {root.IncarnationId}, "
                + $"tail {string.Join(' ', root.Tails)}");
            if (root.State is RootState.Erased or RootState.Aborted)
            {
                _vacant.Add(name);
                _references.Remove(name);
                return;
            }

            _vacant.Remove(name);
            var names = new HashSet<string>();
            foreach (var page in root.InputPages.Concat(root.ExtentPages).Concat(root.StatePage is { } state ? [state] : []))
            {
                names.Add(BlobNames.Page(id, page));
                Require(IsThere(BlobNames.Page(id, page)), $"{name} refers to {BlobNames.Page(id, page)}, which is not there");
            }

            foreach (var page in root.ExtentPages.Where(page => BlobNames.Page(id, page) != Lost))
            {
                foreach (var extent in ManifestCodec.DecodeExtents(_blobs.Objects[BlobNames.Page(id, page)].Content))
                {
                    var payload = BlobNames.Of(BlobNames.OwnerOf(id, page.Context), extent.Payload.Object);
                    if (LostKv.IsLost(extent))
                    {
                        continue; // Where this KV lay is not known any more.
                    }

                    Chunks += extent.Payload.Object.Kind == ObjectKind.Chunk ? 1 : 0;
                    names.Add(payload);
                    Require(IsThere(payload), $"{name} refers to {payload}, which is not there");
                }
            }

            _references[name] = names;
        }
        else if (name.StartsWith(BlobNames.LogIndexesPrefix, StringComparison.Ordinal))
        {
            Indexes++;
            CheckIndex(name, LogIndexCodec.Decode(content));
        }
    }

    private bool IsThere(string name) => name == Lost || _blobs.Objects.ContainsKey(name);

    private void CheckIndex(string indexName, LogIndex index)
    {
        Require(indexName == BlobNames.LogIndex(index.Writer, index.First), $"{indexName} says that it is {index.Writer}/{index.First}");
        foreach (var segment in index.Segments)
        {
            // One that was collected before this index came, late, is needed by nobody. In its place a seal may have come, later still.
            var name = BlobNames.Log(index.Writer, segment.Sequence);
            if (_blobs.Objects.TryGetValue(name, out var found))
            {
                var read = SegmentCodec.Decode(found.Content, found.Content.Length);
                var isLateSeal = read.IsSeal && _collected.Contains(name);
                Require(
                    isLateSeal || (read.Nonce == segment.Nonce && !read.IsSeal),
                    $"{indexName} holds another segment {segment.Sequence} than the log");
            }
        }
    }

    private static void Require(bool holds, string violation)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"VIOLATION: {violation}.");
        }
    }
}
