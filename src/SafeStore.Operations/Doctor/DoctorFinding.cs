namespace SafeStore.Operations;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>The store works, and could be safer or faster.</summary>
    Advice,

    /// <summary>The store does not work there, or may lose what it has acknowledged.</summary>
    Problem,
}

/// <summary>Something of the machine that a store should not be left with.</summary>
/// <param name="Code">What kind (docs/doctor.md).</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Place">Where: a path, a mount, a device or a process.</param>
/// <param name="Message">What is found, and what comes of it.</param>
/// <param name="Advice">What to do.</param>
public sealed record DoctorFinding(string Code, FindingSeverity Severity, string Place, string Message, string Advice)
{
    internal static DoctorFinding Problem(string code, string place, string message, string advice) =>
        new(code, FindingSeverity.Problem, place, message, advice);

    internal static DoctorFinding Advised(string code, string place, string message, string advice) =>
        new(code, FindingSeverity.Advice, place, message, advice);
}
