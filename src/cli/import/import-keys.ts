// `doorward import` from top to bottom: gather, plan, ask, store, read back, and only then replace.
import { secretList } from '../../operations/contracts/secrets.ts';
import { serviceList } from '../../operations/contracts/services.ts';
import { callAllPages, type Client } from '../client.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { printJson } from '../output.ts';
import { createProgress } from '../progress.ts';
import { counted } from './counted.ts';
import { gather } from './gather.ts';
import type { ImportOptions } from './import-options.ts';
import { keyDigest, placeholderTest, readLedger } from './ledger.ts';
import { makeReplacements } from './make-replacements.ts';
import { createNameIndex } from './name-index.ts';
import { makePlan, type Plan, type PlannedKey, type VaultView } from './plan.ts';
import { planRecord, printPlan } from './plan-table.ts';
import { type Replaced, replaceInFiles } from './replace-files.ts';
import { isSafe, type StoredKey, storeKeys } from './store-keys.ts';
import { tellOutcome } from './tell-import.ts';

export async function importKeys(
  context: Context,
  paths: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const { dataDirectory } = await context.config();
  const ledger = await readLedger(dataDirectory);
  const { origins, notes } = await reading(context, paths, options);
  const client = await context.client();
  const vault = await viewVault(context, client, options, ledger.keys);
  const knowledge = { index: createNameIndex(), isPlaceholder: placeholderTest(ledger) };
  const found = makePlan(origins, knowledge, vault);
  const plan = { ...found, notes: [...notes, ...found.notes] };
  if (context.flags.json !== true) await printPlan(context, plan);
  if (plan.keys.length === 0 || options.dryRun === true) {
    tellNothingDone(context, plan, options);
    return;
  }
  await confirmModerate(context, question(plan, options));
  const stored = await storing(context, client, { plan, options });
  const replaced =
    options.replace === true ? await replacing(context, client, { stored, options }) : undefined;
  tellOutcome(context, { plan, stored, replaced, options });
}

async function reading(context: Context, paths: readonly string[], options: ImportOptions) {
  const progress = createProgress(context, 'Reading');
  const { environment } = context.terminal;
  try {
    return await gather({
      paths,
      home: options.home === true ? environment['HOME'] : undefined,
      environment: options.environment === true ? environment : undefined,
      onProgress: (done, inAll) => progress.update(done, inAll),
    });
  } finally {
    progress.end();
  }
}

/** What is there. A dry run does without a server. */
async function viewVault(
  context: Context,
  client: Client,
  options: ImportOptions,
  known: Readonly<Record<string, string>>,
): Promise<VaultView> {
  try {
    const [secrets, services] = await Promise.all([
      callAllPages(client, secretList, {}),
      callAllPages(client, serviceList, {}),
    ]);
    const digestOf = keyDigest(await context.ownerCredential());
    const names = new Map<string, string>(secrets.items.map(({ id, name }) => [id, name]));
    return {
      taken: new Set([...secrets.items, ...services.items].map(({ name }) => name)),
      nameOf: (key) => names.get(known[digestOf(key)] ?? ''),
    };
  } catch (error) {
    if (options.dryRun !== true || !(error instanceof CommandFailure)) throw error;
    context.say('No server was asked, so names that are taken already are not seen.');
    return { taken: new Set(), nameOf: () => undefined };
  }
}

function tellNothingDone(context: Context, plan: Plan, options: ImportOptions): void {
  const isDryRun = options.dryRun === true;
  if (printJson(context, { dryRun: isDryRun, ...planRecord(plan), stored: [], replaced: null })) return;
  context.say(
    plan.keys.length === 0 ? 'No key was found that could be taken in.' : 'A dry run: nothing was done.',
  );
}

function question({ keys }: Plan, { agent, replace }: ImportOptions): string {
  const fresh = keys.filter(({ isStored }) => !isStored).length;
  const files = new Set(keys.flatMap(({ places }) => places.flatMap(({ origin }) => origin.file ?? []))).size;
  const parts = [
    ...(fresh > 0 || replace !== true ? [`Store ${counted(fresh, 'key')} for the agent ${agent}`] : []),
    ...(replace === true ? [`put placeholders into ${counted(files, 'file')}`] : []),
  ].join(', and ');
  return `${parts.charAt(0).toUpperCase()}${parts.slice(1)}?`;
}

async function storing(
  context: Context,
  client: Client,
  { plan, options }: { readonly plan: Plan; readonly options: ImportOptions },
): Promise<StoredKey[]> {
  const { dataDirectory } = await context.config();
  const progress = createProgress(context, 'Storing');
  try {
    return await storeKeys(plan.keys, {
      client,
      agent: options.agent,
      dataDirectory,
      digestOf: keyDigest(await context.ownerCredential()),
      isTested: options.test,
      onProgress: (done, inAll) => progress.update(done, inAll),
    });
  } finally {
    progress.end();
  }
}

/** Only keys that are safely stored, and that their vendor does not refuse, leave their files. */
async function replacing(
  context: Context,
  client: Client,
  { stored, options }: { readonly stored: readonly StoredKey[]; readonly options: ImportOptions },
): Promise<Replaced> {
  const { dataDirectory } = await context.config();
  const safe = stored.filter(isSafe).map(({ key }): PlannedKey => key);
  const { replacements, ids } = await makeReplacements(safe, { client, agent: options.agent, dataDirectory });
  const progress = createProgress(context, 'Replacing');
  try {
    return await replaceInFiles(safe, replacements, {
      dataDirectory,
      ownerCredential: await context.ownerCredential(),
      madeAt: new Date().toISOString(),
      placeholderIds: ids,
      onProgress: (done, inAll) => progress.update(done, inAll),
    });
  } catch (error) {
    await revokeAll(client, ids);
    throw error;
  } finally {
    progress.end();
  }
}

/** Placeholders that came into no file are not left about; the failure that brought it here is the one to tell. */
async function revokeAll(client: Client, ids: readonly string[]): Promise<void> {
  const { placeholderRevoke } = await import('../../operations/contracts/placeholders.ts');
  for (const id of ids) {
    await client
      .call(placeholderRevoke, { id: placeholderRevoke.input.shape.id.parse(id) })
      .catch(() => undefined);
  }
}
