using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>No root ever refers to an object that is not there, whoever writes roots and deletes objects.</summary>
internal sealed class StoreChecker
{
    private readonly World _world;
    private readonly SimulatedBlobStore _blobs;
    private readonly Dictionary<string, HashSet<string>> _references = [];

    public StoreChecker(World world, SimulatedBlobStore blobs)
    {
        _world = world;
        _blobs = blobs;
        blobs.Changed = Check;
    }

    /// <summary>Objects that collection has deleted.</summary>
    public int Deleted { get; private set; }

    /// <summary>Chunks that roots have referred to: what compaction and large records made.</summary>
    public int Chunks { get; private set; }

    private void Check(string name, byte[]? content)
    {
        if (content is null)
        {
            Deleted++;
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
                $"{root.Name}: root {root.State} {root.Generation}, epoch {root.Epoch}, {root.TokenLength} tokens, KV of {root.KvLengths[0]}, open {root.OpenId}, "
                + $"tail {string.Join(' ', root.Tails)}");
            var names = new HashSet<string>();
            foreach (var page in root.InputPages.Concat(root.ExtentPages).Concat(root.StatePage is { } state ? [state] : []))
            {
                names.Add(BlobNames.Page(id, page));
                Require(_blobs.Objects.ContainsKey(BlobNames.Page(id, page)), $"{name} refers to {BlobNames.Page(id, page)}, which is not there");
            }

            foreach (var page in root.ExtentPages)
            {
                foreach (var extent in ManifestCodec.DecodeExtents(_blobs.Objects[BlobNames.Page(id, page)].Content))
                {
                    var payload = BlobNames.Of(BlobNames.OwnerOf(id, page.Context), extent.Payload.Object);
                    Chunks += extent.Payload.Object.Kind == ObjectKind.Chunk ? 1 : 0;
                    names.Add(payload);
                    Require(_blobs.Objects.ContainsKey(payload), $"{name} refers to {payload}, which is not there");
                }
            }

            _references[name] = names;
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
