// What every command gets: the terminal, the global flags, ways to print and to ask, and the server on demand.
import { existsSync } from 'node:fs';
import type { ClientConfig } from '../config.ts';
import type { Client } from './client.ts';
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { styler } from './terminal.ts';
import type { Style, Terminal } from './terminal.ts';
import type { Address } from './transport.ts';

export interface GlobalFlags {
  readonly url?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
  readonly plain?: boolean;
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly input?: boolean;
  readonly yes?: boolean;
}

export interface Context {
  readonly terminal: Terminal;
  readonly flags: GlobalFlags;
  /** What the command ends with unless it throws; a number, because `run` hands on its child's. */
  exitCode: number;
  /** Talk, on stderr: what happened. Off with --quiet. */
  say(text: string): void;
  /** What must be heard even with --quiet. */
  warn(text: string): void;
  /** The next command one may want; only where a person reads along. */
  suggest(...commands: readonly string[]): void;
  style(style: Style, text: string): string;
  config(): Promise<ClientConfig>;
  address(): Promise<Address>;
  client(): Promise<Client>;
  /** Read once; asks for the passphrase where it lies under one. */
  ownerCredential(): Promise<string>;
  /** True when a person can be asked. */
  readonly isInteractive: boolean;
}

export function createContext(terminal: Terminal, flags: GlobalFlags): Context {
  const { stderr } = terminal;
  const stderrStyle = styler(terminal, stderr, flags.color !== false);
  const stdoutStyle = styler(terminal, terminal.stdout, flags.color !== false);
  let ownerCredential: Promise<string> | undefined;
  const isInteractive = terminal.stdin.isTTY === true && stderr.isTTY === true && flags.input !== false;
  const context: Context = {
    terminal,
    flags,
    exitCode: EXIT.ok,
    isInteractive,
    style: stdoutStyle,
    say: (text) => {
      if (flags.quiet !== true) stderr.write(`${text}\n`);
    },
    warn: (text) => {
      stderr.write(`${stderrStyle('yellow', text)}\n`);
    },
    suggest: (...commands) => {
      if (flags.quiet === true || flags.json === true || stderr.isTTY !== true) return;
      stderr.write(`${stderrStyle('dim', `next: ${commands.join('\n      ')}`)}\n`);
    },
    config: async () => {
      const { parseClientConfig } = await import('../config.ts');
      return parseClientConfig(effectiveEnvironment(context));
    },
    address: async () => toAddress(await context.config()),
    client: async () => openClient(context),
    ownerCredential: async () => (ownerCredential ??= readOwner(context)),
  };
  return context;
}

/** The environment with what flags put in its place; a file that names the same value then counts no more. */
export function effectiveEnvironment({ terminal, flags }: Context): Terminal['environment'] {
  return {
    ...terminal.environment,
    ...(flags.url === undefined ? {} : { DOORWARD_URL: flags.url, DOORWARD_URL_FILE: undefined }),
    ...(flags.dataDir === undefined
      ? {}
      : { DOORWARD_DATA_DIR: flags.dataDir, DOORWARD_DATA_DIR_FILE: undefined }),
  };
}

async function openClient(context: Context): Promise<Client> {
  const [{ createClient }, { readPatiently }, { isReadableOnTheWay }, config] = await Promise.all([
    import('./client.ts'),
    import('./starting.ts'),
    import('./transport.ts'),
    context.config(),
  ]);
  const address = await toAddress(config);
  const say = (text: string) => context.say(text);
  const isMissing = () => !existsSync(config.ownerCredentialFile);
  return createClient(address, {
    say,
    readCredential: async () => {
      if (context.flags.quiet !== true && address.kind === 'url' && isReadableOnTheWay(address.url)) {
        const { origin } = new URL(address.url);
        context.warn(
          `The owner credential goes to ${origin} unencrypted. Use the admin socket there, or an https address.`,
        );
      }
      return readPatiently({ address, say, isMissing }, () => context.ownerCredential());
    },
  });
}

async function readOwner(context: Context): Promise<string> {
  const [{ readOwnerCredential }, config] = await Promise.all([
    import('./owner-credential.ts'),
    context.config(),
  ]);
  const askPassphrase = async () => {
    if (!context.isInteractive) throw passphraseNeeded();
    const { askHidden } = await import('./prompt.ts');
    return askHidden(context.terminal, 'Passphrase');
  };
  const { ownerCredentialFile: file, passphrase } = config;
  return readOwnerCredential({ file, passphrase, askPassphrase });
}

async function toAddress(config: ClientConfig): Promise<Address> {
  if (config.url !== undefined) return { kind: 'url', url: requireHttpUrl(config.url) };
  const { adminSocketPath } = await import('../core/socket-path.ts');
  return { kind: 'socket', path: adminSocketPath(config.dataDirectory, config.runtimeDirectory) };
}

function requireHttpUrl(text: string): string {
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw new CommandFailure(
    EXIT.usage,
    'The address of the server (--url, DOORWARD_URL) must be a URL such as http://127.0.0.1:7420.',
  );
}

function passphraseNeeded(): CommandFailure {
  const code: ExitCode = EXIT.authNeeded;
  return new CommandFailure(
    code,
    'The owner credential is sealed under the passphrase, and nobody is there to ask for it. ' +
      'Name a file that holds it in DOORWARD_PASSPHRASE_FILE.',
  );
}
