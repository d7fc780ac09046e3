using System.Collections.Immutable;
using Swarm.Core.Blocks;
using Swarm.Format.Objects;
using Swarm.Format.Segments;

namespace Swarm.Format.Manifests;

/// <summary>What a root may hold: the same when it is written and when it is read.</summary>
internal static class RootRules
{
    /// <summary>Most tails.</summary>
    public const int MaxTails = 16;

    /// <summary>Checks a root.</summary>
    /// <exception cref="ArgumentException">It is not valid; the message says why.</exception>
    public static void Check(ContextRoot root)
    {
        Require(Enum.IsDefined(root.State), $"Root state {(int)root.State} is not known.");
        Names.RequireTenant(root.Tenant);
        Names.RequireContext(root.Name);
        RecordRules.CheckAgentOrEmpty(root.Holder);
        RecordRules.CheckAgentOrEmpty(root.ReservedFor);
        Require(
            root.BlockTokens is >= 1 and <= PrefixHasher.MaxBlockTokens,
            $"{root.BlockTokens} positions of a block; 1 to {PrefixHasher.MaxBlockTokens} are allowed.");
        Require(root.TokenLength >= 0, $"Token length {root.TokenLength} is negative.");
        Require(
            !root.KvLengths.IsDefault && root.KvLengths.Length <= KvGeometry.MaxGroups,
            $"KV lengths of at most {KvGeometry.MaxGroups} layer groups are needed.");
        foreach (var length in root.KvLengths)
        {
            Require(
                length >= 0 && length <= root.TokenLength,
                $"KV length {length} is not within the token length {root.TokenLength}.");
        }

        CheckPages(root.ExtentPages, ObjectKind.ExtentPage);
        CheckPages(root.InputPages, ObjectKind.InputPage);
        if (root.StatePage is not null)
        {
            CheckPage(root.StatePage, ObjectKind.StatePage);
        }

        Require(!root.Tails.IsDefault && root.Tails.Length <= MaxTails, $"At most {MaxTails} tails are allowed.");
        Require(root.ParentPosition >= 0, $"Parent position {root.ParentPosition} is negative.");
    }

    private static void CheckPages(ImmutableArray<PageRef> pages, ObjectKind kind)
    {
        Require(!pages.IsDefault, $"A list of {kind} is needed.");
        for (var index = 0; index < pages.Length; index++)
        {
            CheckPage(pages[index], kind);
            Require(
                index == 0 || pages[index].FirstPosition == pages[index - 1].EndPosition,
                $"{kind} {index} begins at {pages[index].FirstPosition}, not where the one before ends.");
        }
    }

    private static void CheckPage(PageRef page, ObjectKind kind)
    {
        Require(page.Kind == kind, $"{page.Kind} where {kind} is needed.");
        Require(
            page.FirstPosition >= 0 && page.EndPosition >= page.FirstPosition,
            $"{kind} from {page.FirstPosition} to {page.EndPosition} covers no run.");
        Require(page.Items >= 1, $"{kind} has {page.Items} items; at least 1 is needed.");
        Require(
            page.Length is > ObjectHeader.SizeBytes and <= ObjectHeader.MaxIndexBytes,
            $"{kind} has {page.Length} bytes; {ObjectHeader.SizeBytes + 1} to {ObjectHeader.MaxIndexBytes} are allowed.");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new ArgumentException(message);
        }
    }
}
