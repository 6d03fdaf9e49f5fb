// `doorward doctor`: what is right and what is wrong with this installation, and what to do about it. Changes nothing.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { AREAS, type Level } from '../doctor/check.ts';
import type { Found } from '../doctor/examine.ts';
import { EXIT } from '../exit-codes.ts';
import { isForPeople, printJson, write } from '../output.ts';
import { visible } from '../visible-text.ts';

interface DoctorOptions {
  readonly online?: boolean;
  readonly strict?: boolean;
}

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'doctor',
    summary: 'Find what is wrong, and what to do about it',
    examples: ['doorward doctor', 'doorward doctor --online --strict --json'],
    notes:
      'Works with the server running, stopped or never started, and changes nothing. Judged are the configuration,\n' +
      'files and environment it is given: run it as the server is run. Ends with 8 when something fails.',
  })
    .option('--online', 'Connect to the upstream of every service')
    .option('--strict', 'End with 8 on warnings, too')
    .action(async (options: DoctorOptions, command: Command) => diagnose(open(command), options));
}

async function diagnose(context: Context, { online, strict }: DoctorOptions): Promise<void> {
  const [{ examine, worstOf }, { describeSettings }, { readVersion }, { effectiveEnvironment }] =
    await Promise.all([
      import('../doctor/examine.ts'),
      import('../../config.ts'),
      import('../version.ts'),
      import('../context.ts'),
    ]);
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
  const found = await examine(context, { clock, isOnline: online === true });
  const result = worstOf(found);
  if (result === 'fail' || (strict === true && result === 'warn')) context.exitCode = EXIT.unhealthy;
  const report = {
    format: 1, // raised when a field changes its meaning
    version: readVersion(),
    at: clock.now().toISOString(),
    result,
    counts: countLevels(found),
    settings: describeSettings(effectiveEnvironment(context)),
    findings: found.map(({ area, check, level, summary, fix }) => ({
      area,
      check,
      level,
      summary,
      fix: fix ?? null,
    })),
  };
  if (printJson(context, report)) return;
  if (isForPeople(context)) printForPeople(context, found);
  else write(context, found.map((finding) => `${toFields(finding).map(visible).join('\t')}\n`).join(''));
}

function toFields({ level, area, check, summary, fix }: Found): string[] {
  return [level, area, check, summary, fix ?? '-'];
}

const SIGNS = { pass: ['green', '✓'], warn: ['yellow', '!'], fail: ['red', '✗'] } as const;

function printForPeople(context: Context, found: readonly Found[]): void {
  for (const area of AREAS) {
    const here = found.filter((finding) => finding.area === area);
    if (here.length === 0) continue;
    const title = `${area[0]?.toUpperCase() ?? ''}${area.slice(1)}`;
    write(
      context,
      `${context.style('bold', title)}\n${here.map((finding) => toLines(context, finding)).join('')}\n`,
    );
  }
  const { pass, warn, fail } = countLevels(found);
  write(context, `${pass} passed, ${warn} warned, ${fail} failed\n`);
}

function toLines(context: Context, { level, summary, fix }: Found): string {
  const [colour, sign] = SIGNS[level];
  const advice = fix === undefined ? '' : `    ${context.style('dim', `→ ${visible(fix)}`)}\n`;
  return `  ${context.style(colour, sign)} ${visible(summary)}\n${advice}`;
}

function countLevels(found: readonly Found[]): Readonly<Record<Level, number>> {
  const count = (level: Level) => found.filter((finding) => finding.level === level).length;
  return { pass: count('pass'), warn: count('warn'), fail: count('fail') };
}
