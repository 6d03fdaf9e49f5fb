// Runs `doorward doctor` in this process and reads its report.
import { expect } from 'vitest';
import { cli } from '../stand-in.ts';

/** Stands where a secret would; may be found in no output. */
export const MARK = 'hunter2-marked-value';

export interface Report {
  readonly result: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly settings: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: string;
  }[];
  readonly findings: readonly {
    readonly area: string;
    readonly check: string;
    readonly level: 'pass' | 'warn' | 'fail';
    readonly summary: string;
    readonly fix: string | null;
  }[];
}

export async function diagnose(
  environment: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<{ readonly code: number; readonly report: Report; readonly text: string }> {
  const { PATH = '' } = process.env;
  const { code, stdout, stderr } = await cli(['doctor', '--json', ...flags], {
    environment: { PATH, HOME: '/nonexistent', ...environment },
  });
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as Report; // its fields are what the tests are about
  expect(Object.keys(report)).toEqual([
    'format',
    'version',
    'at',
    'result',
    'counts',
    'settings',
    'findings',
  ]);
  for (const { level, fix } of report.findings) expect(fix === null).toBe(level === 'pass');
  return { code, report, text: stdout };
}

/** The worst that a check found; undefined where it found nothing. */
export function levelOf({ findings }: Report, check: string): string | undefined {
  const levels = findings.filter((finding) => finding.check === check).map(({ level }) => level);
  return ['fail', 'warn', 'pass'].find((level) => levels.some((each) => each === level));
}
