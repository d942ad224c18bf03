using System;
using System.Runtime.InteropServices;
using System.Threading;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>A system call that a seccomp filter refuses, by its number, and by its argument where one is given.</summary>
/// <param name="Number">The call's number.</param>
/// <param name="Errno">What it is refused with.</param>
/// <param name="Argument">Which argument must have the value, from 0; -1: whatever they are.</param>
/// <param name="Value">The argument's lower 32 bits.</param>
internal readonly record struct RefusedCall(uint Number, Errno Errno, int Argument = -1, uint Value = 0)
{
    private static bool IsArm64 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static RefusedCall StatX(Errno errno) => new(IsArm64 ? 291u : 332u, errno);

    public static RefusedCall Fallocate(Errno errno) => new(IsArm64 ? 47u : 285u, errno);

    public static RefusedCall ListAttributes(Errno errno) => new(465, errno);

    public static RefusedCall SetAttributes(Errno errno) => new(463, errno);

    /// <summary>renameat2 with these flags.</summary>
    public static RefusedCall Rename(Errno errno, uint flags) => new(IsArm64 ? 276u : 316u, errno, Argument: 4, flags);
}

/// <summary>Runs a test on a thread of its own to which a seccomp filter applies, as those of container engines do.</summary>
internal static unsafe partial class RefusedCalls
{
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const int PR_SET_SECCOMP = 22;
    private const nint SECCOMP_MODE_FILTER = 2;
    private const uint Allow = 0x7fff0000;
    private const uint Refuse = 0x00050000;

    public static void Run(RefusedCall call, Action test)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Install(call);
                test();
            }
#pragma warning disable CA1031 // it goes on to the thread of the test
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                failure = thrown;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw new InvalidOperationException("Where a call is refused: " + failure.Message, failure);
        }
    }

    private static void Install(RefusedCall call)
    {
        const ushort load = 0x20;
        const ushort jumpIfEqual = 0x15;
        const ushort give = 0x06;
        bool hasArgument = call.Argument >= 0;
        Instruction[] filter =
        [
            new(load, 0, 0, 0), // the call's number
            new(jumpIfEqual, 0, (byte)(hasArgument ? 3 : 1), call.Number),
            .. hasArgument
                ? new[] { new Instruction(load, 0, 0, 16 + ((uint)call.Argument * 8)), new Instruction(jumpIfEqual, 0, 1, call.Value) }
                : [],
            new(give, 0, 0, Refuse | (uint)call.Errno),
            new(give, 0, 0, Allow),
        ];
        fixed (Instruction* start = filter)
        {
            var program = new Program { Length = (ushort)filter.Length, Filter = start };
            Assert.Equal(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
            Assert.Equal(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (nint)(&program), 0, 0));
        }
    }

    [LibraryImport("libc")]
    private static partial int prctl(int option, nint second, nint third, nint fourth, nint fifth);

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, byte ifTrue, byte ifFalse, uint value)
    {
        private readonly ushort _code = code;
        private readonly byte _ifTrue = ifTrue;
        private readonly byte _ifFalse = ifFalse;
        private readonly uint _value = value;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        internal ushort Length;
        internal Instruction* Filter;
    }
}
