using System.CommandLine;
using System.Globalization;

namespace SafeStore.Cli;

/// <summary>Options whose value is a whole number within bounds.</summary>
internal static class WholeNumber
{
    public static Option<int> Option(string name, string description, int preset, int max, int min = 1)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => preset };
        option.Validators.Add(result =>
        {
            // From the text: a value that cannot be converted throws here before it becomes an error of the command line.
            if (result.Tokens is [{ } token]
                && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= min
                && value <= max))
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be a whole number from {min} to {max}."));
            }
        });
        return option;
    }

    /// <summary>Whether a text is a whole number from 0.</summary>
    public static bool IsOne(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
