// `doorward scan`: keys that were left behind in files.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import type { Finding } from '../import/scan-file.ts';
import type { Scanned } from '../import/scan-tree.ts';
import { printJson, printList } from '../output.ts';
import { visible } from '../visible-text.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'scan <path>',
    summary: 'Find keys that were left behind in files',
    examples: ['doorward scan .', 'doorward scan ~/projects --json'],
    notes:
      'Looks into every file, binary ones too, for keys as the services of the catalogue make them, and for values beside\n' +
      'the names of their variables. Needs no server, and knows no stored key: values never come out of the vault.\n' +
      'Symbolic links are not followed; node_modules, packed git objects and the data directory are left out.\n' +
      `Ends with ${String(EXIT.unhealthy)} when a key was found, with ${String(EXIT.failed)} when something could not be read.`,
  })
    .option('--placeholders', 'Also list placeholders of Doorward, which are no keys')
    .action(async (path: string, options: ScanOptions, command: Command) =>
      scan(open(command), path, options),
    );
}

interface ScanOptions {
  readonly placeholders?: true;
}

async function scan(context: Context, path: string, options: ScanOptions): Promise<void> {
  const [{ createKeySearch }, { placeholderTest, readLedger }, { scanTree }, { createProgress }] =
    await Promise.all([
      import('../import/key-search.ts'),
      import('../import/ledger.ts'),
      import('../import/scan-tree.ts'),
      import('../progress.ts'),
    ]);
  const { dataDirectory } = await context.config();
  const progress = createProgress(context, 'Scanning');
  const scanned = await scanTree(path, {
    search: createKeySearch(placeholderTest(await readLedger(dataDirectory))),
    except: [dataDirectory],
    onProgress: (done, inAll) => progress.update(done, inAll),
  }).finally(() => progress.end());
  await tell(context, scanned, options);
}

async function tell(context: Context, scanned: Scanned, options: ScanOptions): Promise<void> {
  const { files, bytes, findings, unreadable, links } = scanned;
  const keys = findings.filter(({ kind }) => kind === 'key');
  const placeholders = findings.length - keys.length;
  if (keys.length > 0) context.exitCode = EXIT.unhealthy;
  else if (unreadable.length > 0) context.exitCode = EXIT.failed;
  const listed = options.placeholders === true ? findings : keys;
  if (printJson(context, { files, bytes, findings: listed.map(toRecord), placeholders, unreadable, links }))
    return;
  if (listed.length > 0) {
    await printList(context, { items: listed }, [
      { title: 'where', value: where },
      { title: 'key', value: ({ masked }) => masked },
      { title: 'of', value: ({ services }) => services.slice(0, MOST_NAMED).join(' or ') },
      ...(options.placeholders === true ? [{ title: 'kind', value: ({ kind }: Finding) => kind }] : []),
    ]);
  }
  for (const file of unreadable.slice(0, MOST_NAMED_FILES))
    context.warn(`${visible(file)} could not be read.`);
  if (unreadable.length > MOST_NAMED_FILES) {
    context.warn(`and ${String(unreadable.length - MOST_NAMED_FILES)} more could not be read.`);
  }
  context.say(summary(scanned, keys.length, placeholders));
  if (keys.length > 0) context.suggest('doorward import PATH --replace');
}

const MOST_NAMED = 3;
const MOST_NAMED_FILES = 10;

function toRecord({ path, line, at, kind, services, masked: key }: Finding) {
  return { path, line: line ?? null, offset: at, kind, services, key };
}

function where({ path, line, at }: Finding): string {
  return line === undefined ? `${path} (byte ${String(at)})` : `${path}:${String(line)}`;
}

function summary({ files, links }: Scanned, keys: number, placeholders: number): string {
  const found = keys === 0 ? 'No key' : `${String(keys)} key${keys === 1 ? '' : 's'}`;
  const stand = placeholders === 0 ? '' : `, ${String(placeholders)} placeholders`;
  const passed = links === 0 ? '' : ` ${String(links)} symbolic links were not followed.`;
  return `${found}${stand} in ${String(files)} file${files === 1 ? '' : 's'}.${passed}`;
}
