// `doorward attack`: attacks an installation of one's own, or one made for the occasion, and says what held.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import type { Outcome, SuiteResult } from '../../attack/runner.ts';
import type { Target } from '../../attack/target.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { isForPeople, printJson, write } from '../output.ts';
import { createProgress } from '../progress.ts';
import { visible } from '../visible-text.ts';

interface AttackOptions {
  readonly own?: boolean;
  readonly only?: string;
  readonly report: string;
  readonly list?: boolean;
}

const REPORT = 'attack-report.md';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'attack',
    summary: 'Attack an installation, and see what holds',
    examples: ['doorward attack --own', 'doorward attack --only A02,A28 --report report.md'],
    notes:
      'With --own it makes an installation for the occasion: two replicas on a throw-away Postgres, where its binaries\n' +
      'are found, and a hostile upstream. Without, it attacks the server it is pointed at by all that needs neither its\n' +
      'database nor its processes: secrets, services and agents of names that begin with attack-, removed at the end.\n' +
      'Writes a report. Ends with 1 when an attack got through.',
  })
    .option('--own', 'Attack an installation made for the occasion, with its database and processes')
    .option('--only <rows>', 'Only these rows, such as A02,A28')
    .option('--report <file>', 'Where the report goes', REPORT)
    .option('--list', 'List the rows, and attack nothing')
    .action(async (options: AttackOptions, command: Command) => attack(open(command), options));
}

async function attack(context: Context, options: AttackOptions): Promise<void> {
  const [{ ATTACKS, NOT_BUILT }, { runAttacks, summaryLine, countOf }] = await Promise.all([
    import('../../attack/registry.ts'),
    import('../../attack/runner.ts'),
  ]);
  const attacks = choose(ATTACKS, options.only);
  if (options.list === true) {
    listRows(context, attacks);
    return;
  }
  const target = options.own === true ? await openOwn(context) : await reachInstallation(context);
  let result: SuiteResult;
  const progress = createProgress(context, 'attacking');
  try {
    result = await runAttacks(target, {
      attacks,
      notBuilt: options.only === undefined ? NOT_BUILT : [],
      onStart: (_attack, done, inAll) => progress.update(done, inAll),
      onOutcome: (outcome, done, inAll) => {
        progress.end();
        tell(context, outcome);
        progress.update(done, inAll);
      },
    });
  } finally {
    progress.end();
    await target.close();
  }
  await writeReport(result, options.report);
  context.say(`The report is in ${options.report}.`);
  if (!printJson(context, toJson(result))) write(context, `${summaryLine(result)}\n`);
  const { run, fell } = countOf(result);
  if (fell > 0 || run === 0) context.exitCode = EXIT.failed;
}

function choose<T extends { readonly id: string }>(
  attacks: readonly T[],
  only: string | undefined,
): readonly T[] {
  if (only === undefined) return attacks;
  const wanted = only
    .toUpperCase()
    .split(/[\s,]+/)
    .filter((id) => id !== '');
  const unknown = wanted.filter((id) => !attacks.some((one) => one.id === id));
  if (wanted.length === 0 || unknown.length > 0) {
    throw usageFailure(`There is no row ${unknown.join(', ')}. Those there are: doorward attack --list`);
  }
  return attacks.filter(({ id }) => wanted.includes(id));
}

function listRows(context: Context, attacks: readonly Outcome['attack'][]): void {
  const rows = attacks.map(({ id, who, title, mustHold }) => ({ id, who, title, mustHold }));
  if (printJson(context, rows)) return;
  write(context, rows.map(({ id, who, title }) => `${id}\t${who.join(',')}\t${title}\n`).join(''));
}

async function openOwn(context: Context): Promise<Target> {
  const { openPlayground } = await import('../../attack/targets/playground.ts');
  context.say('starting replicas and a database for the occasion');
  const { PATH: path = '' } = context.terminal.environment;
  return await openPlayground({ scratch: tmpdir(), path, say: (text) => context.warn(text) });
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The server that commands talk to. Calls take its TCP address, whichever way the owner has in. */
async function reachInstallation(context: Context): Promise<Target> {
  const [{ Doorward }, { statusShow }, client, ownerCredential] = await Promise.all([
    import('../../attack/targets/doorward.ts'),
    import('../../operations/contracts/status.ts'),
    context.client(),
    context.ownerCredential(),
  ]);
  const { address: here } = client;
  const url = here.kind === 'url' ? here.url : (await client.call(statusShow, {})).url;
  const address = url.replace(/\/+$/, '');
  const { hostname } = new URL(address);
  if (!LOOPBACK.test(hostname) && context.flags.yes !== true) {
    throw usageFailure(
      `${address} is not on this machine. The attacks make secrets, services and agents there (named attack-…, removed ` +
        'at the end) and send it what an attacker would. If it is yours to attack, add --yes.',
    );
  }
  const target = new Doorward({ addresses: [address], ownerCredential });
  await requireReach(target);
  return target;
}

/** Without a way from the server to the hostile upstream nearly every row would show nothing. */
async function requireReach(target: Target): Promise<void> {
  const { Scene, describe } = await import('../../attack/scene.ts');
  const scene = new Scene(target);
  try {
    const { standing } = await scene.stand();
    const answer = await scene.call(standing, '/ok');
    if (answer.status === 200) return;
    throw new CommandFailure(
      EXIT.failed,
      `The server does not reach the hostile upstream on this machine (${visible(describe(answer))}). ` +
        'It has to run here, with DOORWARD_EGRESS_ALLOW_CIDRS=127.0.0.0/8. Or attack one made for the occasion: doorward attack --own',
    );
  } catch (error) {
    await target.close();
    throw error;
  } finally {
    await scene.close();
  }
}

function tell(context: Context, { attack: { id, title }, verdict, claims, ms }: Outcome): void {
  if (context.flags.json === true) return;
  const word = context.style(verdict === 'held' ? 'green' : 'red', verdict);
  const time = isForPeople(context) ? `  ${context.style('dim', `${(ms / 1000).toFixed(1)} s`)}` : '';
  write(context, `${id}  ${word}  ${title}${time}\n`);
  for (const { aspect, text, holds, found } of claims) {
    if (!holds)
      write(
        context,
        `     ${aspect}: not so: ${visible(`${text}${found === undefined ? '' : `: ${found}`}`)}\n`,
      );
  }
}

function toJson({ target, outcomes, leftOut }: SuiteResult) {
  return {
    format: 1, // raised when a field changes its meaning
    target,
    run: outcomes.length,
    held: outcomes.filter(({ verdict }) => verdict === 'held').length,
    fell: outcomes.filter(({ verdict }) => verdict === 'fell').length,
    rows: outcomes.map(({ attack: { id, title, mustHold }, verdict, claims, ms }) => ({
      id,
      title,
      mustHold,
      verdict,
      ms: Math.round(ms),
      claims: claims.map(({ aspect, text, holds, found }) => ({ aspect, text, holds, found: found ?? null })),
    })),
    leftOut,
  };
}

async function writeReport(result: SuiteResult, file: string): Promise<void> {
  const [{ toMarkdown }, { readVersion }] = await Promise.all([
    import('../../attack/report.ts'),
    import('../version.ts'),
  ]);
  try {
    writeFileSync(file, toMarkdown(result, { version: readVersion(), at: new Date() }));
  } catch (cause) {
    throw new CommandFailure(EXIT.failed, `The report could not be written to ${file}.`, { cause });
  }
}
