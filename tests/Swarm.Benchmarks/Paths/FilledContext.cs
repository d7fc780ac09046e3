using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;

namespace Swarm.Benchmarks.Paths;

/// <summary>A context that is held.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Open">The open context.</param>
/// <param name="Proof">The holder's proof.</param>
/// <param name="Secret">The holder's secret.</param>
/// <param name="Hashes">Chain hash behind each record.</param>
internal sealed record FilledContext(string Name, IOpenContext Open, SessionProof Proof, SessionSecret Secret, BlockHash[] Hashes);
