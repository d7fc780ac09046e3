using Xunit;

namespace Swarm.Core.Tests.Architecture;

/// <summary>A type's name says which one it is, in whatever project.</summary>
public sealed class TypeNameTests
{
    [Fact]
    public void TopLevelTypes_OfAllProjects_HaveNamesOfTheirOwn()
    {
        var shared = SourceFile.All()
            .SelectMany(file => file.Types.Select(type => (Type: type, Place: $"{file.Project}: {file.Namespace}")))
            .Distinct() // Parts of one type, and a type with type parameters beside the one without.
            .GroupBy(found => found.Type, found => found.Place)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key} is in {string.Join(" and in ", group)}.")
            .ToArray();

        Assert.True(shared.Length == 0, string.Join(Environment.NewLine, shared));
    }
}
