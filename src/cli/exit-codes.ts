// What a command's exit code says. `doorward run` is the exception: it returns its child's.

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  authNeeded: 4,
  denied: 5,
  approval: 6,
  vendor: 7,
  unhealthy: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODE_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'it failed; the message says why'],
  [EXIT.usage, 'the command line or the configuration is wrong'],
  [EXIT.authNeeded, 'a credential is missing or was refused'],
  [EXIT.denied, 'denied by policy: no grant, no rule, or frozen'],
  [EXIT.approval, 'a person has to approve the call first, or denied it'],
  [EXIT.vendor, 'the upstream failed'],
  [
    EXIT.unhealthy,
    'a check found something: see `doorward doctor`, `doorward audit verify`, `doorward backup verify` or `doorward scan`',
  ],
  [EXIT.interrupted, 'interrupted'],
];
