using System.Text;
using Swarm.Core.Geometry;
using Swarm.Core.Identity;
using Swarm.Core.Models;

namespace Swarm.Grains.Tests.Support;

/// <summary>Models for requests; none of them is ever run.</summary>
internal static class TestModels
{
    public static ModelDescriptor Tiny(string weights = "weights") => new(
        "tiny",
        "{\"layers\":2}",
        Digest256.Sha256(Encoding.UTF8.GetBytes(weights)),
        "float32",
        KvGeometry.GroupedQuery(layers: 2, kvHeads: 1, headDim: 4, KvDType.Float32),
        "rope:10000",
        "bytes",
        "");
}
