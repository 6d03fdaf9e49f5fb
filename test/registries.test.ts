// The registries are whole: what lies in a room stands in its list once, and the lists agree with each other.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { is } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/registry.ts';
import { CONTRACTS } from '../src/operations/contracts.ts';
import { OPERATIONS } from '../src/operations/registry.ts';
import { SCHEMA as tables } from '../src/store/schema.ts';
import { readSource } from './architecture/source.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const siblings = (folder: string) => readdirSync(new URL(`../src/${folder}`, import.meta.url));

describe('operations', () => {
  it('are as many as their contracts, each the same one', () => {
    expect(new Set(OPERATIONS.map(({ contract }) => contract))).toEqual(new Set(CONTRACTS));
    expect(OPERATIONS).toHaveLength(CONTRACTS.length);
  });

  it('have a contract in the list for every one that is written', async () => {
    const modules = await Promise.all(
      siblings('operations/contracts').map(
        (file) => import(/* @vite-ignore */ `../src/operations/contracts/${file}`),
      ),
    );
    const written = modules.flatMap((module: object) => Object.values(module).filter(isContract));
    expect(new Set(CONTRACTS.map(({ name }) => name))).toEqual(new Set(written.map(({ name }) => name)));
  });

  it('have one name and one route each', () => {
    const names = CONTRACTS.map(({ name }) => name);
    const routes = CONTRACTS.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(routes).size).toBe(routes.length);
  });

  it.each(CONTRACTS.map((contract) => [contract.name, contract] as const))(
    '%s fits its route',
    (name, contract) => {
      expect(name).toMatch(/^[a-z-]+\.[a-z]+$/);
      const fields = [...contract.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field);
      expect(Object.keys(contract.input.shape)).toEqual(expect.arrayContaining(fields));
      const operation = OPERATIONS.find((each) => each.contract.name === name) ?? {};
      // What changes something is an audit event of the contract's name; what only reads may be asked for by GET.
      if ('change' in operation) expect(operation).toMatchObject({ kind: name });
      if (contract.method === 'GET') expect(operation).toHaveProperty('read');
    },
  );
});

describe('commands', () => {
  it('are listed by the name of their file', () => {
    const files = siblings('cli/commands').map((file) => file.replace(/\.ts$/, ''));
    expect(COMMANDS.map(({ name }) => name).toSorted()).toEqual(files.toSorted());
  });

  it.each(COMMANDS)('$name adds one command of that name', async ({ name, load }) => {
    const { Command } = await import('commander');
    const program = new Command();
    const open = () => expect.unreachable('only its action opens a context');
    (await load()).register(program, open, COMMANDS);
    expect(program.commands.map((command) => command.name())).toEqual([name]);
  });
});

describe('registries of one line each', () => {
  it.each([
    ['providers/credentials', 'kind.ts'],
    ['providers/materials', 'material.ts'],
    ['providers/root-keys', 'provider.ts'],
  ])('%s lists every file beside it', (folder, type) => {
    const seen = readSource(ROOT, `src/${folder}/registry.ts`).imports.flatMap(({ target }) => target ?? []);
    const listed = siblings(folder).filter(
      (file) => file.endsWith('.ts') && file !== 'registry.ts' && file !== type,
    );
    expect(listed.length).toBeGreaterThan(1);
    expect(seen).toEqual(expect.arrayContaining(listed.map((file) => `src/${folder}/${file}`)));
  });
});

describe('tables', () => {
  /** What belongs to the installation and not to one vault, and why. Audit tables carry the vault as a column. */
  const OF_THE_INSTALLATION = [
    'installation',
    'key_slot',
    'system_key',
    'replica',
    'admin',
    'replica_epoch', // by replica and vault
    'vault', // is the vault
    'audit_event', // chains belong to replicas
    'audit_body', // partitioned by month
  ];
  const configs = Object.values(tables).flatMap((table) =>
    is(table, PgTable) ? [getTableConfig(table)] : [],
  );

  it('are keyed by vault, but those of the installation', () => {
    expect(configs.length).toBeGreaterThan(12);
    const others = configs.filter(({ primaryKeys }) => primaryKeys[0]?.columns[0]?.name !== 'vault_id');
    expect(others.map(({ name }) => name).toSorted()).toEqual(OF_THE_INSTALLATION.toSorted());
  });
});

function isContract(value: unknown): value is { readonly name: string } {
  return typeof value === 'object' && value !== null && 'permission' in value && 'path' in value;
}
