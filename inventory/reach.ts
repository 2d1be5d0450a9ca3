import { readFileSync } from 'node:fs';

/** Bits of capability sets: include/uapi/linux/capability.h. */
const DAC_READ_SEARCH = 2n;
const SYS_PTRACE = 19n;

/** How far this program sees beyond what belongs to its user. */
export interface Reach {
  /** Whether it reads the files of all users. */
  readonly files: boolean;
  /** Whether it learns of every process what it executes, where, and with which environment. */
  readonly processes: boolean;
}

/** The reach of this process: all of it as root, else what its effective capabilities give (capabilities(7)). */
export function ownReach(status = '/proc/self/status', uid: number = process.getuid?.() ?? 0): Reach {
  if (uid === 0) return { files: true, processes: true };
  const effective = effectiveCapabilities(status);
  const has = (bit: bigint) => ((effective >> bit) & 1n) === 1n;
  return { files: has(DAC_READ_SEARCH), processes: has(SYS_PTRACE) };
}

function effectiveCapabilities(status: string): bigint {
  try {
    const digits = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(readFileSync(status, 'utf8'))?.[1] ?? '0';
    return BigInt(`0x${digits}`);
  } catch {
    // Not Linux: there is root, and everybody else.
    return 0n;
  }
}
