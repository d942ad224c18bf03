using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

/// <summary>
/// The same contracts on the mock of System.IO.Abstractions, which many programs' tests use. Where it differs is told on
/// docs/unit-tests.md; a test of a contract that fails on it stands below what it fails of first.
/// </summary>
public sealed class MockFilesTests
{
    private static readonly Func<FilesContract>[] Contracts =
        [() => new Contents(), () => new Directories(), () => new Changes(), () => new Infos(), () => new Paths(), () => new Streams()];

    private static readonly Dictionary<string, string[]> Differences = new(StringComparer.Ordinal)
    {
        ["`HResult` of an `IOException` is not the errno."] =
        [
            nameof(DirectoryContract.Directories_that_cannot_be_made_say_why),
            nameof(DirectoryContract.An_empty_directory_is_deleted_and_a_filled_one_only_with_all_in_it),
            nameof(FileChangesContract.A_copy_replaces_only_when_asked_to),
            nameof(FileChangesContract.A_move_replaces_only_when_asked_to),
            nameof(InfoContract.An_info_moves_with_its_file),
            nameof(InfoContract.An_info_copies_and_replaces_its_file),
            nameof(InfoContract.An_info_opens_its_file),
            nameof(InfoContract.Links_that_cannot_be_made_or_resolved_say_why),
            nameof(StreamContract.Positions_before_the_start_are_refused),
            nameof(StreamContract.Modes_decide_what_becomes_of_an_existing_and_a_missing_file),
            nameof(StreamContract.A_file_is_not_emptied_unless_it_can_be_opened),
        ],
        ["Other exceptions: for a missing directory that of a missing file, for null a `NullReferenceException`."] =
        [
            nameof(ContentsContract.Text_is_utf8_without_a_mark),
            nameof(ContentsContract.A_cancelled_call_does_nothing),
            nameof(ContentsContract.Reading_fails_as_paths_do),
            nameof(ContentsContract.Writing_fails_as_paths_do),
            nameof(ContentsContract.Missing_arguments_are_refused),
            nameof(DirectoryContract.Deletions_that_cannot_be_done_say_why),
            nameof(FileChangesContract.Copies_that_cannot_be_made_say_why),
        ],
        ["What Linux refuses may succeed: a directory moved into itself, a name of 300 characters, a path with NUL."] =
        [
            nameof(DirectoryContract.Moves_that_cannot_be_done_say_why),
            nameof(FileChangesContract.Moves_that_cannot_be_made_say_why),
            nameof(FileChangesContract.Deletions_that_cannot_be_done_say_why),
            nameof(FileChangesContract.Replacements_that_cannot_be_done_say_why),
            nameof(FileChangesContract.Modes_are_set_as_they_are_given),
            nameof(InfoContract.A_missing_file_is_described_as_far_as_that_goes),
            nameof(InfoContract.Directories_are_made_and_removed_by_their_infos),
            nameof(PathContract.Full_paths_have_no_detours),
            nameof(StreamContract.A_stream_does_only_what_it_was_opened_for),
        ],
        ["`ReadLines` and searches: an error comes with the first element; a second reading gives the old lines."] =
        [
            nameof(ContentsContract.Lines_are_read_while_they_are_asked_for_and_again_for_each_reading),
            nameof(ContentsContract.Lines_of_a_missing_file_fail_before_the_first_is_asked_for),
            nameof(DirectoryContract.A_search_fails_before_the_first_entry_is_asked_for),
        ],
        ["Searches: `*.*` leaves out names without a dot; `EnumerationOptions` do not leave out hidden names."] =
        [
            nameof(DirectoryContract.Entries_are_found_by_kind_and_pattern),
            nameof(DirectoryContract.Options_of_a_search_are_kept),
        ],
        ["Links: neither searches nor paths go through them; a link to what is missing cannot be made."] =
        [
            nameof(DirectoryContract.Entries_are_found_below_through_links_too),
            nameof(DirectoryContract.Infos_are_found_as_paths_are),
            nameof(InfoContract.Links_are_made_described_and_resolved),
            nameof(InfoContract.A_link_to_a_directory_is_one),
        ],
        ["Modes: all that is new has 0644, directories and copies too; a mode that is asked for is not given."] =
        [
            nameof(DirectoryContract.Only_the_directory_itself_has_the_mode_asked_for),
            nameof(DirectoryContract.A_temporary_directory_is_new_and_private),
            nameof(FileChangesContract.A_copy_has_content_mode_and_times_of_its_source),
            nameof(FileChangesContract.New_files_and_directories_have_the_usual_modes),
            nameof(StreamContract.Options_are_kept),
        ],
        ["Attributes and times: no `Hidden` for `.name`, `Normal` beside `ReadOnly`; a creation time of its own."] =
        [
            nameof(FileChangesContract.Attributes_are_those_that_Linux_has),
            nameof(FileChangesContract.Times_are_set_and_told),
            nameof(InfoContract.What_an_info_changes_it_knows),
        ],
        ["Streams: `Append` without an access is refused; a closed one `CanRead`; a cancelled token is ignored."] =
        [
            nameof(StreamContract.Appending_leaves_what_is_there_alone),
            nameof(StreamContract.A_closed_stream_says_so),
            nameof(StreamContract.A_stream_works_asynchronously),
        ],
        ["`FileShare` is enforced as on Windows: also between readers that Linux lets in."] =
            [nameof(StreamContract.A_file_that_is_not_shared_cannot_be_opened_again)],
        ["A file exists as `file/` too, and temporary files are in `/temp`."] =
        [
            nameof(FileChangesContract.A_file_exists_unless_it_is_a_directory_or_nothing),
            nameof(PathContract.Temporary_names_are_new),
        ],
    };

    [Fact]
    public async Task What_differs_on_a_mock_is_what_is_listed() =>
        Assert.Equal(
            Differences.Values.SelectMany(static tests => tests).Distinct().Order(StringComparer.Ordinal),
            (await FailingAsync()).Order(StringComparer.Ordinal));

    [Fact]
    public void The_page_of_unit_tests_tells_what_differs()
    {
        string[] page = File.ReadAllLines(Path.Combine(Repository(), "docs", "unit-tests.md"));

        Assert.Equal(
            Differences.Keys.Select(static difference => "- " + difference),
            page.SkipWhile(static line => line != "## Beside MockFileSystem")
                .Where(static line => line.StartsWith("- ", StringComparison.Ordinal)));
    }

    private static async Task<HashSet<string>> FailingAsync()
    {
        var failing = new HashSet<string>(StringComparer.Ordinal);
        foreach (Func<FilesContract> contract in Contracts)
        {
            foreach (MethodInfo test in contract().GetType().GetMethods().Where(static method => method.IsDefined(typeof(FactAttribute))))
            {
                foreach (object?[] arguments in ArgumentsOf(test))
                {
                    if (!await HoldsAsync(contract(), test, arguments))
                    {
                        failing.Add(test.Name);
                    }
                }
            }
        }

        return failing;
    }

    private static IEnumerable<object?[]> ArgumentsOf(MethodInfo test) =>
        test.GetCustomAttributes<InlineDataAttribute>().Select(static row => row.Data).DefaultIfEmpty([])!;

    private static async Task<bool> HoldsAsync(FilesContract subject, MethodInfo test, object?[] arguments)
    {
        try
        {
            if (test.Invoke(subject, BindingFlags.DoNotWrapExceptions, null, arguments, null) is Task task)
            {
                await task;
            }

            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private static string Repository()
    {
        string? at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at!, "SafeStore.sln")))
        {
            at = Path.GetDirectoryName(at);
        }

        return at!;
    }

    private sealed class Contents() : ContentsContract(FilesUnderTest.Mock());

    private sealed class Directories() : DirectoryContract(FilesUnderTest.Mock());

    private sealed class Changes() : FileChangesContract(FilesUnderTest.Mock());

    private sealed class Infos() : InfoContract(FilesUnderTest.Mock());

    private sealed class Paths() : PathContract(FilesUnderTest.Mock());

    private sealed class Streams() : StreamContract(FilesUnderTest.Mock());
}
