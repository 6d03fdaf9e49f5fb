// The environment of a run's child: addresses and placeholders where its clients look for them, nothing of ours.
import { basename } from 'node:path';
import { type ClientService, clientVariables } from './client-variables.ts';

export interface RunVariables {
  readonly run: string;
  readonly placeholder: string;
  /** The broker's address, without a slash at the end. */
  readonly brokerUrl: string;
  readonly services: readonly ClientService[];
  /** The program that is started. */
  readonly command?: string;
}

export interface ChildEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  /** Key variables that held something else before: probably a key the child must not see. */
  readonly replaced: readonly string[];
  /** Variables that were set and are not any more. */
  readonly removed: readonly string[];
  /** Services whose variables stand for another one already. */
  readonly shadowed: ReadonlyMap<string, string>;
}

/** Everything of ours goes, database addresses with passwords too; then what the run needs is set. */
export function childEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
  { run, placeholder, brokerUrl, services, command = '' }: RunVariables,
): ChildEnvironment {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && !isOurs(name)) environment[name] = value;
  }
  const program = basename(command).replace(/\.(exe|cmd)$/i, '');
  const { set, keys, unset, shadowed } = clientVariables(services, { brokerUrl, command: program });
  const held = (name: string) => (environment[name] ?? '') !== '' && environment[name] !== set[name];
  const replaced = keys.filter(held);
  const removed = unset.filter(held);
  for (const name of unset) delete environment[name];
  Object.assign(environment, set);
  const hosts = [
    brokerUrl,
    ...services.flatMap(({ url }) => (url?.startsWith('http') === true ? [url] : [])),
  ];
  passProxiesBy(environment, new Set(hosts.map((url) => new URL(url).hostname)));
  Object.assign(environment, { DOORWARD_URL: brokerUrl, DOORWARD_TOKEN: placeholder, DOORWARD_RUN: run });
  return { environment, replaced, removed, shadowed };
}

function isOurs(name: string): boolean {
  return /^(DOORWARD_.*|DATABASE_URL(_FILE)?)$/.test(name);
}

/** Where a proxy is set, clients would take the way to the broker through it, and show it the placeholder. */
function passProxiesBy(environment: Record<string, string>, hosts: ReadonlySet<string>): void {
  if (!Object.keys(environment).some((name) => /^(https?|all)_proxy$/i.test(name))) return;
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const listed = (environment[name] ?? '').split(',').filter((host) => host !== '');
    if (listed.includes('*')) continue;
    environment[name] = [...listed, ...[...hosts].filter((host) => !listed.includes(host))].join(',');
  }
}
