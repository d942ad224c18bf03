using System.IO;

namespace SafeStore.CrashTests.Child;

internal sealed partial class FaultCommands
{
    static partial void Describe(string word, ref StoreOptions options) => options = word switch
    {
        "read-only" => options with { Opening = StoreOpening.ReadOnly },
        "must-exist" => options with { Opening = StoreOpening.MustExist },
        "group" => options with
        {
            FileMode = (UnixFileMode)0b110_110_000,
            DirectoryMode = (UnixFileMode)0b111_111_000,
            LockFileMode = (UnixFileMode)0b110_110_000,
        },
        _ => options,
    };
}
