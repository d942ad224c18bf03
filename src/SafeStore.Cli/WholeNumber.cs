using System.CommandLine;
using System.Globalization;

namespace SafeStore.Cli;

/// <summary>Options whose value is a whole number within bounds.</summary>
internal static class WholeNumber
{
    public static Option<int> Option(string name, string description, int preset, int max)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => preset };
        option.Validators.Add(result =>
        {
            // From the text: a value that cannot be converted throws here before it becomes an error of the command line.
            if (result.Tokens is [{ } token]
                && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1
                && value <= max))
            {
                result.AddError($"{name} must be a whole number from 1 to {max.ToString(CultureInfo.InvariantCulture)}.");
            }
        });
        return option;
    }
}
