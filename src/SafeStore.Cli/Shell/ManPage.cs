using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Text;

namespace SafeStore.Cli.Shell;

/// <summary>A manual page, in the macros of man(7), of a command and those below it.</summary>
internal static class ManPage
{
    public static string Of(RootCommand root)
    {
        string version = typeof(ManPage).Assembly.GetName().Version!.ToString(fieldCount: 3);
        var page = new StringBuilder();
        Line(page, $".TH SAFESTORE 1 \"\" \"SafeStore {version}\" \"User Commands\"");
        Line(page, ".SH NAME");
        Line(page, "safestore \\- crash\\-safe transactions over plain JSON files");
        Line(page, ".SH SYNOPSIS");
        Line(page, ".B safestore");
        Line(page, "\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...");
        Line(page, ".SH DESCRIPTION");
        Line(page, Text(root.Description));
        Line(page, ".SH COMMANDS");
        Describe(page, "safestore", root.Subcommands);
        Line(page, ".SH EXIT STATUS");
        foreach ((string code, string meaning) in ExitCode.Meanings)
        {
            Entry(page, $"\\fB{code}\\fR", meaning);
        }

        return page.ToString();
    }

    private static void Describe(StringBuilder page, string parent, IEnumerable<Command> commands)
    {
        foreach (Command command in commands.Where(static command => !command.Hidden))
        {
            string name = $"{parent} {command.Name}";
            Line(page, $".SS \"{Text($"{name}{Arguments(command)}")}\"");
            Line(page, Text(command.Description));
            if (command.Aliases.Count > 0)
            {
                Line(page, $"Also called {Text(string.Join(", ", command.Aliases))}.");
            }

            foreach (Argument argument in command.Arguments.Where(static argument => !argument.Hidden))
            {
                Entry(page, $"\\fI{Text(argument.Name)}\\fR", argument.Description);
            }

            foreach (Option option in command.Options.Where(static option => !option.Hidden))
            {
                Entry(page, Heading(option), $"{option.Description}{Default(option)}");
            }

            Describe(page, name, command.Subcommands);
        }
    }

    private static string Arguments(Command command) => string.Concat(command.Arguments.Where(static argument => !argument.Hidden).Select(
        static argument =>
        {
            string name = argument.Arity.MaximumNumberOfValues > 1 ? $"{argument.Name}..." : argument.Name;
            return argument.Arity.MinimumNumberOfValues == 0 ? $" [{name}]" : $" {name}";
        }));

    private static string Heading(Option option)
    {
        string names = string.Join(", ", option.Aliases.Prepend(option.Name).Select(static name => $"\\fB{Text(name)}\\fR"));
        return option.ValueType == typeof(bool) ? names : $"{names} \\fI{Text(option.HelpName ?? "VALUE")}\\fR";
    }

    private static string Default(Option option) =>
        option is { HasDefaultValue: true } && option.GetDefaultValue() is { } value and not false
            ? string.Create(CultureInfo.InvariantCulture, $" Default: {value}.")
            : "";

    private static void Entry(StringBuilder page, string heading, string? text)
    {
        Line(page, ".TP");
        Line(page, heading);
        Line(page, Text(text));
    }

    /// <summary>Nothing in it is a request or an escape, and a minus is one that can be copied.</summary>
    private static string Text(string? text)
    {
        string escaped = (text ?? "").ReplaceLineEndings(" ").Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal).Replace("\"", "\\(dq", StringComparison.Ordinal)
            .Replace("'", "\\(aq", StringComparison.Ordinal);
        return escaped is ['.', ..] ? "\\&" + escaped : escaped;
    }

    private static void Line(StringBuilder page, string line) => page.Append(line).Append('\n');
}
