/** Exit codes of every command (docs/architecture.md, "Contracts"). */
export const EXIT = { fine: 0, findings: 1, usage: 2, failed: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
