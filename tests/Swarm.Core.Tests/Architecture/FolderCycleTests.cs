using Xunit;

namespace Swarm.Core.Tests.Architecture;

/// <summary>The folders of a project are layers: none uses, by whatever way round, one that uses it.</summary>
public sealed class FolderCycleTests
{
    public static TheoryData<string> Projects() => [.. SourceFile.All().Select(file => file.Project).Distinct()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_OfAProject_UseEachOtherOneWay(string project)
    {
        var graph = Graph(project);
        var cycle = graph.FindCycle();

        Assert.True(cycle is null, cycle is null ? "" : $"{project} has a cycle of folders: {graph.Describe(cycle)}");
    }

    [Fact]
    public void FindCycle_TwoFilesUseEachOther_TellsWhichAndByWhichTypes()
    {
        var graph = new FolderGraph(
        [
            new SourceFile("P", "A/One.cs", "using P.B;\n\nnamespace P.A;\n\npublic class One { Two _two; }"),
            new SourceFile("P", "B/Two.cs", "namespace P.B;\n\n/// <see cref=\"A.One\"/>\npublic class Two { A.One _one = \"Shared\"; }"),
            new SourceFile("P", "Shared.cs", "namespace P;\n\npublic class Shared;"),
            new SourceFile("P", "Top.cs", "using P.A;\n\nnamespace P;\n\npublic class Top { One _one; Shared _shared; }"),
        ]);

        var cycle = graph.FindCycle();

        Assert.Equal(["A", "B"], cycle);
        Assert.Equal(["A/One.cs (Two)"], graph.Uses("A", "B"));
        Assert.Equal(["B/Two.cs (One)"], graph.Uses("B", "A"));
        Assert.Empty(graph.Uses("B", "Shared.cs"));
        Assert.Equal(["Top.cs (Shared)"], graph.Uses("Top.cs", "Shared.cs"));
    }

    private static FolderGraph Graph(string project) => new([.. SourceFile.All().Where(file => file.Project == project)]);
}
