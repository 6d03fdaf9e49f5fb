// What `doorward add` did, in three words that people need: key, agent, call.
import { usedActions } from '../add-key.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printJson } from '../output.ts';
import type { KeyTrial } from '../test-key.ts';
import { visible } from '../visible-text.ts';
import type { Made } from './make.ts';
import type { AddOptions, AddPlan } from './plan.ts';

interface Added {
  readonly plan: AddPlan;
  readonly options: AddOptions;
  readonly made: Made;
  /** Undefined: no test call was wanted. */
  readonly trial: KeyTrial | undefined;
}

/** The exit code: a key that its vendor refuses is added, but that is no success. */
export function tellAdded(context: Context, added: Added): ExitCode {
  const { plan, options, made, trial } = added;
  const { name, entry, service, allow } = plan;
  const record = {
    service: name,
    catalogue: entry?.id ?? null,
    baseUrl: service.baseUrl,
    key: made.secret,
    agent: options.agent,
    agentIsNew: made.isAgentNew,
    allow: allow ?? null,
    test: trial === undefined ? null : { outcome: trial.outcome, said: trial.said },
  };
  if (!printJson(context, record)) {
    const isStored = options.secret === undefined ? 'stored; ' : `${made.secret}; `;
    context.say(`${entry?.name ?? name} is added.`);
    context.say(`  key    ${isStored}it goes to ${service.baseUrl} and nowhere else`);
    context.say(`  agent  ${options.agent} may ${mayCall(plan, options)}`);
  }
  const exitCode = tellTrial(context, plan, { made, trial });
  if (exitCode === EXIT.ok)
    context.suggest(
      options.agent === 'default' ? 'doorward run -- claude' : `doorward run ${options.agent} -- claude`,
    );
  return exitCode;
}

function mayCall({ entry, allow, service }: AddPlan, options: AddOptions): string {
  const shut = service.deny?.length ?? 0;
  const but = shut === 0 ? '' : `; ${String(shut)} that make or show keys stay shut`;
  if (allow === undefined) return `make every call${but}`;
  const isNarrowed = options.allow !== undefined || options.action !== undefined;
  if (isNarrowed) return `call ${allow.join(', ')}`;
  const used = entry === undefined ? [] : usedActions(entry);
  const look = allow.includes('GET /**') ? 'look (GET) and ' : '';
  return `${look}use ${used.map(([name]) => name).join(', ')}; nothing that deletes${entry?.category === 'payments' ? ' or moves money' : ''}${but}`;
}

interface Tried {
  readonly made: Made;
  readonly trial: KeyTrial | undefined;
}

function tellTrial(context: Context, { name, entry }: AddPlan, { made, trial }: Tried): ExitCode {
  if (trial === undefined) return EXIT.ok;
  const testCall =
    entry?.testCall === undefined ? 'test call' : `${entry.testCall.method} ${entry.testCall.path}`;
  const said = visible(trial.said);
  switch (trial.outcome) {
    case 'accepted':
      context.say(`  call   ${testCall} ${said}: the key works`);
      return EXIT.ok;
    case 'untried':
      context.say(`  call   not tried: ${said}`);
      return EXIT.ok;
    case 'unclear':
      context.warn(`  call   ${testCall}: ${said}. Whether the key works is not known; it is kept.`);
      return EXIT.ok;
    case 'refused':
      context.warn(
        `  call   ${testCall} ${said}: ${entry?.name ?? name} does not take this key, or not for this call. It is kept; ` +
          `to give another: doorward secret rotate ${made.secret}`,
      );
      return EXIT.vendor;
  }
}
