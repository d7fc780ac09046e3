using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Collection;
using Swarm.Storage.Log;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>One object that the store lost: any but a root, of which nothing else in the store tells, and the store's identity, whose loss is that of the store.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Concerned">Contexts that lose with it what was acknowledged; none for what is no segment.</param>
/// <param name="IsKnowable">Whether something else in the store tells that it was there.</param>
/// <param name="Behind">Objects of its log that lie behind it.</param>
internal sealed record LostObject(string Name, IReadOnlySet<ContextId> Concerned, bool IsKnowable, IReadOnlyList<string> Behind)
{
    /// <summary>Takes an object away, every other time a segment.</summary>
    public static LostObject? Take(SimulatedBlobStore blobs, Random random)
    {
        var isSegment = random.Next(2) == 0;
        string[] names =
        [
            .. blobs.Objects.Where(item => isSegment
                    ? Candidate.Parse(item.Key, item.Value.Content.Length) is { IsSegment: true, Bytes: > LogSeals.MaxBytes }
                    : item.Key != BlobNames.Store && !item.Key.StartsWith(BlobNames.RootsPrefix, StringComparison.Ordinal))
                .Select(item => item.Key),
        ];
        if (names.Length == 0)
        {
            return null;
        }

        var name = names[random.Next(names.Length)];
        var lost = Candidate.Parse(name, blobs.Objects[name].Content.Length) is { IsSegment: true } segment
            ? OfLog(blobs, name, segment)
            : new LostObject(name, new HashSet<ContextId>(), true, []);
        blobs.Remove(name);
        return lost;
    }

    private static LostObject OfLog(SimulatedBlobStore blobs, string name, Candidate lost)
    {
        Candidate[] log =
        [
            .. blobs.Objects.Select(item => Candidate.Parse(item.Key, item.Value.Content.Length))
                .OfType<Candidate>().Where(item => item.IsOfLog && item.Writer == lost.Writer),
        ];
        var isKnowable = log.Any(item => item.IsIndex
            ? item.Sequence >= lost.Sequence
            : SegmentCodec.Decode(blobs.Objects[item.Name].Content, item.Bytes).Assures(lost.Sequence));
        var concerned = blobs.Objects
            .Where(item => BlobNames.TryParseRoot(item.Key, out _)
                && ManifestCodec.DecodeRoot(item.Value.Content).Tails.Any(tail => tail.Writer == lost.Writer && tail.Sequence <= lost.Sequence))
            .Select(item => BlobNames.TryParseRoot(item.Key, out var id) ? id : default)
            .ToHashSet();
        return new LostObject(
            name, concerned, isKnowable, [.. log.Where(item => item.IsSegment && item.Sequence > lost.Sequence).Select(item => item.Name)]);
    }
}
