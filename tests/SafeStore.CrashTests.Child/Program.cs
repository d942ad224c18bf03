using System;
using System.IO;
using System.Threading;
using SafeStore;
using SafeStore.CrashTests.Child;

// Arguments: the config root and the run root. Ends with its standard input.
using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
using var input = new StreamReader(Console.OpenStandardInput());
var gate = new Lock();
void Say(string line)
{
    lock (gate)
    {
        output.WriteLine(line);
    }
}

await using var commands = new Commands(StoreLayout.Of(args[0], args[1]), Say);
while (await input.ReadLineAsync() is { } line)
{
    Say(await commands.ObeyAsync(line));
}
