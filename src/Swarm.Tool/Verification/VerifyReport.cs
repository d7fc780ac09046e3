namespace Swarm.Tool.Verification;

/// <summary>Outcome of a verification.</summary>
/// <param name="Store">The store, without secrets.</param>
/// <param name="Identity">Which store it is, and when it was made; <see langword="null"/> where it has no identity, or a damaged one.</param>
/// <param name="IsClean">Whether no damage was found.</param>
/// <param name="IsQuick">Whether KV payload was only measured, not read.</param>
/// <param name="Counts">What was looked at.</param>
/// <param name="Damage">What is damaged, the dearest first.</param>
/// <param name="Orphans">Orphans; none when only one tenant was looked at, or a damaged root or page hides what is needed.</param>
/// <param name="Notes">What else there is to say.</param>
/// <param name="ElapsedSeconds">How long it took.</param>
internal sealed record VerifyReport(
    string Store,
    string? Identity,
    bool IsClean,
    bool IsQuick,
    VerifyCounts Counts,
    IReadOnlyList<Damage> Damage,
    IReadOnlyList<OrphanCount>? Orphans,
    IReadOnlyList<string> Notes,
    double ElapsedSeconds);
