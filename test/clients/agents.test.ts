// The agents themselves, headless, as they are published: Claude Code and Codex inside `doorward run`, answered by upstreams
// of their vendors' shapes.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NOT_INSTALLED } from './clients.ts';
import { expectTable } from './table.ts';
import { VENDORS } from './vendors/registry.ts';
import { PLAIN } from './vendors/vendor.ts';
import { type ClientsWorld, openClientsWorld } from './world.ts';

const MODULES = fileURLToPath(new URL('node_modules/', import.meta.url));

interface AgentProgram {
  readonly title: string;
  readonly package: string;
  readonly file: string;
  readonly vendor: string;
  command(file: string, prompt: string): readonly string[];
}

/** Codex takes its provider from its configuration: the address is that of the run. */
const CODEX = `exec "$0" exec --skip-git-repo-check -c model_provider=doorward -c model=gpt-test \
  -c 'model_providers.doorward={name="Doorward", base_url="'"$OPENAI_BASE_URL"'", env_key="OPENAI_API_KEY", wire_api="responses"}' "$1"`;

const AGENTS: readonly AgentProgram[] = [
  {
    title: 'Claude Code',
    package: '@anthropic-ai/claude-code',
    file: `${MODULES}@anthropic-ai/claude-code-linux-x64/claude`,
    vendor: 'anthropic',
    command: (file, prompt) => [file, '-p', prompt, '--model', 'claude-test'],
  },
  {
    title: 'Codex',
    package: '@openai/codex',
    file: `${MODULES}@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex`,
    vendor: 'openai',
    command: (file, prompt) => ['sh', '-c', CODEX, file, prompt],
  },
];

const INSTALLED = AGENTS.filter(({ title, file }) => {
  const isThere = existsSync(file);
  if (!isThere) console.log(`${title} is not tried: ${NOT_INSTALLED}`);
  return isThere;
});

let world: ClientsWorld;
beforeAll(async () => {
  world = await openClientsWorld();
});
afterAll(async () => {
  await world?.close();
});

describe.each(INSTALLED)('$title', ({ file, vendor, command }) => {
  test('answers from the vendor', async () => {
    const { code, stdout, stderr } = await world.run(command(file, 'step-plain'));
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: expect.stringContaining(PLAIN) });
  });

  test('never gets the key that the vendor echoes', async () => {
    const { stdout, stderr } = await world.run(command(file, 'step-echo'));
    expect(stdout).toMatch(/your key is .*, is it not/);
    for (const { key } of VENDORS) expect(`${stdout}${stderr}`).not.toContain(key);
  });

  test('says why it is refused, and asks once', async () => {
    const { allow = [] } = VENDORS.find(({ id }) => id === vendor) ?? {};
    await grant(vendor, ['GET /nothing']);
    const before = await world.countRefused();
    const { stdout, stderr } = await world.run(command(file, 'step-plain'));
    await grant(vendor, allow);
    expect(`${stdout}${stderr}`).toMatch(/does not cover this call/);
    expect((await world.countRefused()) - before).toBe(1);
  });
});

async function grant(service: string, allow: readonly string[]): Promise<void> {
  const { status } = await world.server.admin('PATCH', `/v1/agents/default/grants/${service}`, { allow });
  expect(status).toBe(200);
}

test('docs/clients.md says what is tried, by the version that is asked for', () => {
  const text = readFileSync(new URL('package.json', import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Readonly<Record<string, string>> };
  const rows = AGENTS.map((agent) => {
    const version = dependencies[agent.package] ?? 'none';
    return [agent.title, version, 'yes', 'shown, asked once', 'masked'];
  });
  expectTable('agents', [['agent', 'version', 'streamed answer', 'our refusal', 'echoed key'], ...rows]);
});
