// What an import has done: stored, tried, replaced, and what is still to do.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson } from '../output.ts';
import { quoted } from '../quoted.ts';
import { visible } from '../visible-text.ts';
import { counted } from './counted.ts';
import type { ImportOptions } from './import-options.ts';
import type { Plan } from './plan.ts';
import { planRecord } from './plan-table.ts';
import type { Replaced } from './replace-files.ts';
import type { StoredKey } from './store-keys.ts';

export interface Outcome {
  readonly plan: Plan;
  readonly stored: readonly StoredKey[];
  /** Undefined: nothing was to be replaced. */
  readonly replaced: Replaced | undefined;
  readonly options: ImportOptions;
}

export function tellOutcome(context: Context, outcome: Outcome): void {
  const { plan, stored, replaced, options } = outcome;
  const failed = stored.filter(({ trouble }) => trouble !== undefined);
  if (failed.length > 0 || (replaced?.troubles.length ?? 0) > 0) context.exitCode = EXIT.failed;
  else if (stored.some(({ trial }) => trial?.outcome === 'refused')) context.exitCode = EXIT.vendor;
  if (printJson(context, { dryRun: false, ...planRecord(plan), ...results(outcome) })) return;
  tellStored(context, stored, options);
  if (replaced === undefined) tellWhatIsLeft(context, stored);
  else tellReplaced(context, replaced);
}

function results({ stored, replaced }: Outcome) {
  return {
    stored: stored.map(({ key: { name }, trial, trouble }) => ({
      name,
      stored: trouble === undefined,
      trouble: trouble ?? null,
      test: trial === undefined ? null : { outcome: trial.outcome, said: trial.said },
    })),
    replaced:
      replaced === undefined
        ? null
        : {
            files: replaced.files,
            values: replaced.values,
            troubles: replaced.troubles,
            backup: replaced.backup ?? null,
          },
  };
}

function tellStored(context: Context, stored: readonly StoredKey[], { agent }: ImportOptions): void {
  const good = stored.filter(({ trouble }) => trouble === undefined);
  if (good.length > 0) {
    context.say(
      `${counted(good.length, 'key')} stored and read back; the agent ${agent} may call with them.`,
    );
  }
  for (const { key, trial, trouble } of stored) {
    if (trouble !== undefined) context.warn(`${key.name} is not stored: ${visible(trouble)}`);
    else if (trial?.outcome === 'accepted') context.say(`  ${key.name}: ${key.entry.name} takes the key.`);
    else if (trial?.outcome === 'refused') {
      context.warn(
        `  ${key.name}: ${key.entry.name} refuses the key (${visible(trial.said)}), so it was left where it stands. ` +
          `To put in another: doorward secret rotate ${key.name}`,
      );
    } else if (trial?.outcome === 'unclear') {
      context.warn(
        `  ${key.name}: whether ${key.entry.name} takes the key could not be seen (${visible(trial.said)}).`,
      );
    }
  }
}

function tellReplaced(context: Context, { files, values, troubles, backup }: Replaced): void {
  if (values > 0 && backup !== undefined) {
    context.say(
      `${counted(values, 'value')} in ${counted(files.length, 'file')} replaced. What stood there is kept, encrypted, in ${backup}:\n` +
        '  doorward import --restore puts it back, doorward import --forget removes it for good.\n' +
        'Programs that read these files work when started by doorward run; straight to the vendor the placeholders are worthless.',
    );
  }
  for (const trouble of troubles) context.warn(visible(trouble));
}

function tellWhatIsLeft(context: Context, stored: readonly StoredKey[]): void {
  const places = stored.filter(({ trouble }) => trouble === undefined).flatMap(({ key }) => key.places);
  const files = [
    ...new Set(places.flatMap(({ origin }) => (origin.file === undefined ? [] : [origin.shown]))),
  ];
  if (files.length > 0) {
    const named = files.length > 3 ? counted(files.length, 'file') : files.join(', ');
    context.say(`The keys still stand in ${named}.`);
    const again = files.length > 3 ? '…' : files.map(quoted).join(' ');
    context.suggest(`doorward import ${again} --replace`);
  }
  const names = places.filter(({ origin }) => origin.file === undefined).map(({ found }) => found.name);
  if (names.length > 0) {
    context.say(
      `The environment of this shell still holds ${names.join(', ')}: take them out of the file that sets them, then unset them.`,
    );
  }
}
