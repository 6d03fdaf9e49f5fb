// `doorward secret rotate`: a new value becomes current, or the version before becomes it again.
import { Option } from 'commander';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { rotationPlan, RotationRecord } from '../../operations/contracts/rotations.ts';
import type { Client } from '../client.ts';
import type { OpenContext } from '../command.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { parseSeconds } from '../duration.ts';
import { usageFailure } from '../failure.ts';
import { localTime, printJson, printRecord } from '../output.ts';
import { readSecretValue, refuseValueInArguments } from '../secret-value.ts';
import { parseVersionNumber } from './version-number.ts';

interface RotateOptions {
  readonly fromFile?: string;
  readonly keepNewline?: boolean;
  readonly force?: boolean;
  readonly version?: number;
  readonly probe?: string;
  readonly service?: string;
  readonly grace: string;
  readonly dryRun?: boolean;
  readonly rollback?: boolean;
  readonly value?: string | true;
}

type Plan = z.output<(typeof rotationPlan)['output']>;

export function registerRotate(secret: Command, open: OpenContext): void {
  define(secret, {
    usage: 'rotate <name>',
    summary: 'Make a new value current, and keep the one before for a grace period',
    examples: [
      "doorward secret rotate openai --probe 'GET /v1/models'",
      'doorward secret rotate openai --rollback',
    ],
    notes:
      'The value is asked for without showing it; where stdin is no terminal, it is read from there. It is stored before\n' +
      'anything else, and made current only when the probe is answered 2xx. In the grace period a call that is answered\n' +
      '401 is sent once more with the version before. When it is over, that version is revoked: it is never sent again,\n' +
      'and the key can be deleted at the vendor.',
  })
    .allowExcessArguments() // to refuse them with the reason, and without repeating them
    .option('--probe <request>', "Try the new value first, such as 'GET /v1/models': 2xx is good")
    .option('--service <name>', 'Which service to probe, where several send the secret')
    .option('--grace <duration>', 'How long the version before is kept; 0 revokes it at once', '1h')
    .option('--version <number>', 'Use the value of this disabled version again', parseVersionNumber)
    .option('--from-file <path>', 'Read the value from a file')
    .option('--keep-newline', 'Keep the newline at the end of the text')
    .option('--force', 'Accept a value under 8 bytes')
    .option('--dry-run', 'Say what would happen, and do nothing')
    .option('--rollback', 'Make the version before current again, while its grace period lasts')
    .addOption(new Option('--value [value]').hideHelp())
    .action(async (name: string, options: RotateOptions, command: Command) => {
      if (command.args.length > 1 || options.value !== undefined)
        throw refuseValueInArguments('secret rotate NAME');
      const context = open(command);
      if (options.rollback === true) await rollBack(context, name, options);
      else await rotate(context, name, options);
    });
}

async function rotate(context: Context, name: string, options: RotateOptions): Promise<void> {
  const graceSeconds = parseSeconds('--grace', options.grace);
  const { probe, service, version } = options;
  const asked = {
    name,
    graceSeconds,
    ...(probe === undefined ? {} : { probe }),
    ...(service === undefined ? {} : { service }),
  };
  const [{ MAX_GRACE_SECONDS, rotationPlan: planned, secretRotate }, client] = await Promise.all([
    import('../../operations/contracts/rotations.ts'),
    context.client(),
  ]);
  if (graceSeconds > MAX_GRACE_SECONDS) throw usageFailure('--grace is at most 90d.');
  const plan = await client.call(planned, asked);
  if (options.dryRun === true) return await printPlan(context, plan);
  await confirmLoss(context, plan);
  const value = version === undefined ? await readSecretValue(context, name, options) : { version };
  const force = options.force === true;
  const record = await showingProgress(context, { client, name, plan }, () =>
    client.call(secretRotate, { ...asked, ...value, force }),
  );
  if (!printJson(context, record)) tell(context, record);
  context.suggest(
    ...(record.step === 'promoted' ? [`doorward secret rotate ${name} --rollback`] : []),
    'doorward audit list --kind rotation',
  );
}

/** Asked only where there is no way back. */
async function confirmLoss(context: Context, { secret, fromVersion, graceSeconds, endsGraceOf }: Plan) {
  if (endsGraceOf !== null) {
    await confirmModerate(
      context,
      `Version ${String(endsGraceOf)} of ${secret} is in its grace period, which this rotation ends. Go on?`,
    );
  } else if (graceSeconds === 0 && fromVersion !== null) {
    await confirmModerate(
      context,
      `Without a grace period version ${String(fromVersion)} of ${secret} is revoked at once and can not come back. Go on?`,
    );
  }
}

const LOOK_EVERY_MS = 500;

/** On a terminal: that the value is stored, as soon as it is; from then on nothing can lose it. */
async function showingProgress<T>(
  context: Context,
  of: { readonly client: Client; readonly name: string; readonly plan: Plan },
  work: () => Promise<T>,
): Promise<T> {
  const { client, name, plan } = of;
  if (context.terminal.stderr.isTTY !== true || plan.probe === null) return await work();
  const { secretVersions } = await import('../../operations/contracts/rotations.ts');
  const { service, method, path } = plan.probe;
  context.say(`Storing the new value of ${name} …`);
  let isTold = false;
  const look = async () => {
    const { items } = await client.call(secretVersions, { name, limit: 1 });
    const newest = items[0];
    if (newest?.state !== 'staged' || isTold) return;
    isTold = true;
    context.say(
      `Version ${String(newest.number)} is stored; trying it with ${method} ${path} at ${service} …`,
    );
  };
  // Only talk: the answer to the rotation itself tells what is wrong.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
  try {
    return await work();
  } finally {
    isTold = true;
    clearInterval(timer);
  }
}

function tell(context: Context, record: RotationRecord): void {
  const { secret, fromVersion, toVersion, probe, graceUntil } = record;
  if (probe?.status != null) {
    context.say(`${probe.method} ${probe.path} at ${probe.service} answered ${String(probe.status)}.`);
  }
  const current = `Version ${String(toVersion)} of ${secret} is current.`;
  if (fromVersion === null) context.say(current);
  else if (graceUntil === null) {
    context.say(`${current} Version ${String(fromVersion)} is revoked: delete that key at the vendor.`);
  } else {
    context.say(
      `${current} Until ${localTime(graceUntil)} a call that is answered 401 is sent once more with version ` +
        `${String(fromVersion)}; then it is revoked. Delete that key at the vendor after that, not before.`,
    );
  }
}

async function printPlan(context: Context, plan: Plan): Promise<void> {
  const { probe } = plan;
  await printRecord(context, plan, [
    ['secret', plan.secret],
    ['current version', plan.fromVersion],
    ['services', plan.services.join(' ') || null],
    ['probe', probe === null ? null : `${probe.method} ${probe.path} at ${probe.service}`],
    ['grace', plan.graceSeconds === 0 ? 'none: revoked at once' : `${String(plan.graceSeconds)} s`],
    ['ends grace of', plan.endsGraceOf],
  ]);
  context.say('Nothing was changed.');
}

async function rollBack(context: Context, name: string, options: RotateOptions): Promise<void> {
  const { fromFile, version, probe, service, dryRun } = options;
  if ([fromFile, version, probe, service, dryRun].some((given) => given !== undefined)) {
    throw usageFailure(
      '--rollback takes no value, probe or dry run: it makes the version before current again.',
    );
  }
  const [{ secretRollback, secretVersions }, client] = await Promise.all([
    import('../../operations/contracts/rotations.ts'),
    context.client(),
  ]);
  const { items } = await client.call(secretVersions, { name });
  const previous = items.find(({ state }) => state === 'previous');
  // Without one there is nothing to ask: the server says why it can not be done.
  if (previous !== undefined) {
    const current = items.find(({ state }) => state === 'current');
    const disabled = current === undefined ? '' : `, and disable version ${String(current.number)}`;
    await confirmModerate(
      context,
      `Make version ${String(previous.number)} of ${name} current again${disabled}?`,
    );
  }
  const record = await client.call(secretRollback, { name });
  if (printJson(context, record)) return;
  const { fromVersion, toVersion } = record;
  context.say(
    `Version ${String(fromVersion)} of ${name} is current again; version ${String(toVersion)} is disabled, its value kept.`,
  );
}
