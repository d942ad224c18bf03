using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using SafeStore.Fuzzing;

const string Instrumented = "SAFESTORE_FUZZ_INSTRUMENTED";

string targetName = Value("--target") ?? "all";
double minutes = double.Parse(Value("--minutes") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
int seed = int.Parse(Value("--seed") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
int keep = int.Parse(Value("--keep") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
string directory = Path.GetFullPath(Value("--corpus") ?? "tests/data/fuzz");
if (Environment.GetEnvironmentVariable(Instrumented) is null)
{
    return Instrumentation.RunInstrumented(args, Instrumented);
}

var map = new CoverageMap(); // before any instrumented code runs
IFuzzTarget[] targets = [.. FuzzTargets.All.Where(each => targetName == "all" || each.Name == targetName)];
if (targets.Length == 0)
{
    Console.Error.WriteLine($"There is no target '{targetName}': {string.Join(", ", FuzzTargets.All.Select(static each => each.Name))}.");
    return 64;
}

int violations = 0;
var corpus = new Corpus(directory);
foreach (IFuzzTarget target in targets)
{
    map.Forget();
    var loop = new FuzzLoop(target, corpus, map, new Random(seed));
    var watch = Stopwatch.StartNew();
    loop.Run(TimeSpan.FromMinutes(minutes));
    violations += loop.Violations;
    foreach (byte[] input in keep == 0 ? [] : loop.Answering.Take(keep).Concat(loop.Last(keep)))
    {
        corpus.Write(target, input);
    }

    Console.WriteLine(
        $"{target.Name}: {loop.Executions} executions in {watch.Elapsed.TotalMinutes:F1} min, {map.Reached} branches, {loop.Inputs} "
        + $"inputs, {loop.Answers} answers, {loop.Violations} violations");
}

return violations == 0 ? 0 : 1;

string? Value(string option) => Array.IndexOf(args, option) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
