using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Cli.Look;

namespace SafeStore.Cli;

/// <summary>Standard error. What cannot be written there is lost: a command ends as it would otherwise.</summary>
internal sealed class StandardError(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public static void LoseFailures() => Console.SetError(new StandardError(Console.Error));

    /// <summary>Writes a message as one line; what it quotes does not steer the terminal.</summary>
    public static Task TellAsync(string message) => Console.Error.WriteLineAsync($"safestore: {TextOutput.Harmless(message)}");

    public override void Write(char value) => Write(value.ToString());

    public override void WriteLine(string? value) => Write($"{value}\n");

    public override void Write(string? value)
    {
        try
        {
            inner.Write(value);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
        }
    }
}
