using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

/// <summary>The same calls, drawn at random, on .NET's own files and on the view: same results, same exceptions, same tree.</summary>
public sealed class DifferentialTests
{
    private const int Steps = 600;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_view_behaves_as_the_host_does(int seed)
    {
        using FilesUnderTest host = FilesUnderTest.Host();
        using FilesUnderTest view = FilesUnderTest.Simulated();
        using RandomCalls onHost = new(host, seed);
        using RandomCalls onView = new(view, seed);
        List<string> story = [];
        for (int step = 0; step < Steps; step++)
        {
            (string call, string expected) = onHost.Next();
            (_, string actual) = onView.Next();
            story.Add($"{call} => {expected}");
            if (expected != actual)
            {
                Assert.Fail($"{string.Join('\n', story.TakeLast(12))}\nbut the view: {actual}");
            }

            string tree = onHost.Tree();
            string viewed = onView.Tree();
            if (tree != viewed)
            {
                Assert.Fail($"{string.Join('\n', story.TakeLast(12))}\ntree:\n{tree}\nbut the view's:\n{viewed}");
            }
        }
    }
}
