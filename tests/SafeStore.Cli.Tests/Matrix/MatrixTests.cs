using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Matrix;

/// <summary>
/// Every command on a store of every condition, by the table in matrix.txt: exit code, what is said on stderr, and that what only looks
/// changes nothing, not even a time.
/// </summary>
public sealed class MatrixTests
{
    private static readonly string[][] s_table =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Matrix/matrix.txt"))
            .Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
    ];

    public static IEnumerable<string> Commands => s_table[1..].Select(static row => string.Join(' ', row[..^s_table[0].Length]));

    public static TheoryData<string> Conditions => [.. s_table[0]];

    [Theory]
    [MemberData(nameof(Conditions))]
    public async Task Every_command_on_a_store_that_is(string condition)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Mounts and other users need root.");
        int columns = s_table[0].Length;
        int column = Array.IndexOf(s_table[0], condition);
        (string Command, string Code)[] rows =
        [
            .. s_table[1..].Select(row => (string.Join(' ', row[..^columns]), row[^columns..][column]))
                .Where(static row => row.Item2 != "-"),
        ];
        await using var store = new MatrixStore(condition);

        IReadOnlyList<MatrixResult> results = await store.RunAsync([.. rows.Select(static row => row.Command)]);

        Assert.Equal("", string.Join('\n', results.Zip(rows).SelectMany(each => WrongOf(each.First, each.Second.Code, store))));
    }

    private static IEnumerable<string> WrongOf(MatrixResult result, string code, MatrixStore store)
    {
        string name = $"{result.Command}: {result.Code} {result.Errors}";
        string[] lines = result.Errors.Split('\n')[..^1];
        if (!code.Split('|').Any(each => each == result.Code.ToString(CultureInfo.InvariantCulture)))
        {
            yield return $"expected {code}: {name}";
        }

        bool isFailure = result.Code is not (0 or 2 or 143);
        bool isAboutEdit = lines is [var kept, _] && kept.Contains("is kept in", StringComparison.Ordinal);
        if (isFailure && lines.Length != 1 && !isAboutEdit)
        {
            yield return $"not one line: {name}";
        }

        if (isFailure && !lines.Any(line => line.Contains(Path.GetDirectoryName(store.Place)!, StringComparison.Ordinal)
            || line.Contains("sb-2", StringComparison.Ordinal) || line.Contains("The store is faulted", StringComparison.Ordinal)
            || line.Contains(" durable transaction", StringComparison.Ordinal)))
        {
            yield return $"names nothing: {name}";
        }

        if (lines.Any(static line => !line.StartsWith("safestore: ", StringComparison.Ordinal)
            || line.TrimEnd('.').IndexOfAny([':', ';', '.'], "safestore: ".Length) < 0))
        {
            yield return $"no message with a next step: {name}";
        }

        if (result.Changed.Length > 0 && (result.Command.StartsWith("look", StringComparison.Ordinal)
            || result.Command.StartsWith("follow", StringComparison.Ordinal) || (isFailure && store.Condition != "pending")))
        {
            yield return $"changed: {name}{result.Changed}";
        }
    }
}
