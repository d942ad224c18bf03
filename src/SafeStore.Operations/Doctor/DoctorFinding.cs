namespace SafeStore.Operations;

/// <summary>Something of the machine that a store should not be left with.</summary>
/// <param name="Code">What kind (docs/doctor.md).</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Place">Where: a path, a mount, a device or a process.</param>
/// <param name="Message">What is found, and what comes of it.</param>
/// <param name="Advice">What to do.</param>
public sealed record DoctorFinding(string Code, FindingLevel Level, string Place, string Message, string Advice)
{
    internal static DoctorFinding Problem(string code, string place, string message, string advice) =>
        new(code, FindingLevel.Problem, place, message, advice);

    internal static DoctorFinding Note(string code, string place, string message, string advice) =>
        new(code, FindingLevel.Note, place, message, advice);
}
