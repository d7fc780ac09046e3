namespace Swarm.Clustering.Membership;

/// <summary>One silo's vote that another one is dead.</summary>
/// <param name="By">Parsable address of the voter.</param>
/// <param name="Time">When, UTC.</param>
internal sealed record MembershipVote(string By, DateTime Time);
