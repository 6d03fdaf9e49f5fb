// A seccomp filter (cBPF) that refuses the two ioctls by which a process types into its own terminal: TIOCSTI and
// TIOCLINUX. With it the command may keep its terminal and job control, and still can not leave keystrokes behind for
// the shell that reads when it has ended.

const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const FAIL_EPERM = 0x00050001;

// Offsets in struct seccomp_data on little-endian machines.
const SYSCALL = 0;
const ARCHITECTURE = 4;
/** The kernel looks at 32 bits of an ioctl's request; comparing all 64 would let a set high bit through. */
const SECOND_ARGUMENT = 24;

const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** The number of ioctl under each calling convention that a kernel of this machine may serve. */
const IOCTL_NUMBERS: Readonly<Record<string, readonly (readonly [architecture: number, ioctl: number])[]>> = {
  x64: [
    [0xc000003e, 16],
    [0xc000003e, 0x40000202],
    [0x40000003, 54],
  ],
  arm64: [
    [0xc00000b7, 29],
    [0x40000028, 54],
  ],
};

/** The filter as the kernel reads it, or undefined for machines whose numbers are not known here. */
export function terminalFilter(machine: string): Buffer | undefined {
  const conventions = IOCTL_NUMBERS[machine];
  if (conventions === undefined) return undefined;
  return Buffer.concat([
    ...conventions.map(([architecture, ioctl]) =>
      Buffer.concat([
        instruction(LOAD_WORD, ARCHITECTURE),
        instruction(JUMP_EQUAL, architecture, 0, 6),
        instruction(LOAD_WORD, SYSCALL),
        instruction(JUMP_EQUAL, ioctl, 0, 4),
        instruction(LOAD_WORD, SECOND_ARGUMENT),
        instruction(JUMP_EQUAL, TIOCSTI, 1, 0),
        instruction(JUMP_EQUAL, TIOCLINUX, 0, 1),
        instruction(RETURN, FAIL_EPERM),
      ]),
    ),
    instruction(RETURN, ALLOW),
  ]);
}

/** struct sock_filter: operation, how many instructions to skip when true and when false, operand. */
function instruction(operation: number, operand: number, skipIfTrue = 0, skipIfFalse = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(operation, 0);
  bytes.writeUInt8(skipIfTrue, 2);
  bytes.writeUInt8(skipIfFalse, 3);
  bytes.writeUInt32LE(operand, 4);
  return bytes;
}
