using System.Runtime.InteropServices;

namespace Swarm.Storage.Tests.Worker;

/// <summary>Lets the kernel refuse calls of this process, as a file system without them or a sandbox does.</summary>
internal static partial class RefusedCalls
{
    private const int NoNewPrivileges = 38; // PR_SET_NO_NEW_PRIVS
    private const long SetFilter = 1; // SECCOMP_SET_MODE_FILTER
    private const long AllThreads = 1; // SECCOMP_FILTER_FLAG_TSYNC
    private const ushort LoadNumber = 0x20; // BPF_LD | BPF_W | BPF_ABS, of seccomp_data.nr
    private const ushort JumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort Return = 0x06; // BPF_RET | BPF_K
    private const uint Allow = 0x7FFF0000;
    private const uint Refuse = 0x00050000;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Refuses calls from now on, on all threads.</summary>
    /// <param name="calls">Their names: <c>linkat</c>, <c>renameat2</c>, <c>flock</c>, separated by commas.</param>
    /// <param name="error">What they answer.</param>
    public static unsafe void Install(string calls, int error)
    {
        foreach (var call in calls.Split(','))
        {
            Instruction[] program =
            [
                new(LoadNumber, 0, 0, 0),
                new(JumpIfEqual, 1, 0, NumberOf(call)),
                new(Return, 0, 0, Allow),
                new(Return, 0, 0, Refuse | (uint)error),
            ];
            fixed (Instruction* first = program)
            {
                var filter = new Filter((ushort)program.Length, first);
                if (PrCtl(NoNewPrivileges, 1, 0, 0, 0) != 0 || SysCall(IsArm ? 277 : 317, SetFilter, AllThreads, &filter) != 0)
                {
                    throw new InvalidOperationException($"The kernel takes no filter: error {Marshal.GetLastPInvokeError()}.");
                }
            }
        }
    }

    private static uint NumberOf(string call) => call switch
    {
        "linkat" => IsArm ? 37u : 265u,
        "renameat2" => IsArm ? 276u : 316u,
        "flock" => IsArm ? 32u : 73u,
        _ => throw new ArgumentException($"'{call}' is not one of linkat, renameat2, flock.", nameof(call)),
    };

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int PrCtl(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial long SysCall(long number, long operation, long flags, Filter* filter);

    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    [StructLayout(LayoutKind.Sequential)]
    private readonly unsafe struct Filter(ushort length, Instruction* first)
    {
        private readonly ushort _length = length;
        private readonly Instruction* _first = first;
    }
}
