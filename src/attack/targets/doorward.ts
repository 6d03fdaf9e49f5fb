// Doorward as a target, by its HTTP interfaces alone: what an installation of one's own and one made for the occasion have in
// common. Everything it makes has a name of its own and is removed at the end.
import { randomBytes } from 'node:crypto';
import { type RawAnswer, request } from '../raw-client.ts';
import type { AdminAnswer, AdminRequest, Capability, LogEntry, Standing, Target, Wanted } from '../target.ts';

export interface Reach {
  readonly addresses: readonly string[];
  /** The name and the long-lived credential of the owner. */
  readonly ownerCredential: string;
  readonly name?: string;
  /** Beyond what every Doorward can do. */
  readonly capabilities?: readonly Capability[];
}

/** What every Doorward of this version can do, wherever it runs. */
const ALWAYS: readonly Capability[] = [
  'admin-api',
  'signed-tokens',
  'placeholders',
  'guards',
  'access-requests',
  'approvals',
  'rotation',
  'decoys',
  'fingerprints',
  'minting-guard',
  'body-rules',
];

interface Made {
  readonly services: string[];
  readonly agents: string[];
  readonly secrets: string[];
}

type Record_ = Readonly<Record<string, unknown>>;

export class Doorward implements Target {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly addresses: readonly string[];
  readonly #ownerCredential: string;
  readonly #made: Made = { services: [], agents: [], secrets: [] };
  #ownerToken: string | undefined;

  constructor({ addresses, ownerCredential, name, capabilities = [] }: Reach) {
    this.name = name ?? `Doorward at ${addresses.join(', ')}`;
    this.capabilities = new Set([...ALWAYS, ...capabilities]);
    this.addresses = addresses;
    this.#ownerCredential = ownerCredential;
  }

  async setUp(wanted: Wanted): Promise<Standing> {
    const name = `attack-${randomBytes(5).toString('hex')}`;
    const value = wanted.value ?? `sk-attack-${randomBytes(24).toString('hex')}`;
    const content = wanted.fields === undefined ? { value } : { kind: wanted.kind, fields: wanted.fields };
    const { upstream: baseUrl, auth = { kind: 'bearer' }, deny, protection, allow, constraints } = wanted;
    await this.#act('POST', '/v1/secrets', { name, ...content });
    this.#made.secrets.push(name);
    const guards = {
      ...(deny === undefined ? {} : { deny }),
      ...(protection === undefined ? {} : { protection, acceptWeaker: true }),
    };
    await this.#act('POST', '/v1/services', { name, baseUrl, auth, secret: name, ...guards });
    this.#made.services.push(name);
    const { key } = await this.#act('POST', '/v1/agents', { name });
    this.#made.agents.push(name);
    const limits = {
      ...(allow === undefined ? {} : { allow }),
      ...(constraints === undefined ? {} : { constraints }),
    };
    await this.#act('POST', '/v1/grants', { agent: name, service: name, ...limits });
    const agentKey = String(key);
    const token = await this.token(name, agentKey);
    return { secret: name, service: name, agent: name, agentKey, value, token, path: `/call/${name}` };
  }

  async token(agent: string, agentKey: string, scope?: string): Promise<string> {
    const answer = await exchange(this.addresses[0] ?? '', { name: agent, credential: agentKey, scope });
    const { access_token: token, error } = answer.json();
    if (typeof token !== 'string') throw new Error(`no token for ${agent}: ${String(error)}`);
    return token;
  }

  async freeze(agent: string): Promise<void> {
    await this.#act('POST', `/v1/agents/${agent}/freeze`);
  }

  async unfreeze(agent: string): Promise<void> {
    await this.#act('POST', `/v1/agents/${agent}/unfreeze`);
  }

  async isFrozen(agent: string): Promise<boolean> {
    return (await this.#act('GET', `/v1/agents/${agent}`))['state'] === 'frozen';
  }

  async rotate(secret: string, value: string): Promise<void> {
    await this.#act('POST', `/v1/secrets/${secret}/rotate`, { value, graceSeconds: 600 });
  }

  async removeGrant(agent: string, service: string): Promise<void> {
    await this.#act('DELETE', `/v1/agents/${agent}/grants/${service}`);
  }

  async mark(): Promise<string> {
    return textOf((await this.#act('GET', '/v1/audit/events?limit=1'))['nextAfter']) ?? '';
  }

  async logSince(mark: string): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = [];
    let after = mark;
    for (;;) {
      const page = await this.#act('GET', `/v1/audit/events?limit=500&after=${after}`);
      const items = page['items'] as readonly Record_[]; // a list, as its contract says
      entries.push(...items.map(toEntry));
      if (items.length < 500) return entries;
      after = String(page['nextAfter']);
    }
  }

  async verifyLog(): Promise<{ isWhole: boolean; trouble: string }> {
    const { ok, problems } = await this.#act('POST', '/v1/audit/verify', {});
    return { isWhole: ok === true, trouble: JSON.stringify(problems) };
  }

  async admin(asked: AdminRequest): Promise<AdminAnswer> {
    const { method, path, body, replica = 0 } = asked;
    const own = asked.token === undefined;
    this.#ownerToken ??= await this.#exchangeOwner();
    const send = async (token: string | null) =>
      await request(this.addresses[replica] ?? '', {
        method,
        target: path,
        headers: [
          ...(token === null ? [] : [`authorization: Bearer ${token}`]),
          ...(body === undefined ? [] : ['content-type: application/json']),
        ],
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    let answer = await send(asked.token === undefined ? this.#ownerToken : asked.token);
    if (own && answer.status === 401) {
      this.#ownerToken = await this.#exchangeOwner(); // its fifteen minutes are over
      answer = await send(this.#ownerToken);
    }
    return { status: answer.status, body: answer.json(), text: answer.bytes.toString('latin1') };
  }

  async close(): Promise<void> {
    const paths = [
      ...this.#made.services.map((name) => `/v1/services/${name}`),
      ...this.#made.agents.map((name) => `/v1/agents/${name}`),
      ...this.#made.secrets.map((name) => `/v1/secrets/${name}`),
    ];
    const left: string[] = [];
    for (const path of paths) {
      const { status } = await this.admin({ method: 'DELETE', path });
      if (status >= 400 && status !== 404) left.push(`${path} (${status})`);
    }
    if (left.length > 0) throw new Error(`could not be removed: ${left.join(', ')}`);
  }

  async #exchangeOwner(): Promise<string> {
    const credential = this.#ownerCredential;
    const answer = await exchange(this.addresses[0] ?? '', { name: 'owner', credential });
    const { access_token: token } = answer.json();
    if (typeof token !== 'string') throw new Error(`the owner credential was refused (${answer.status})`);
    return token;
  }

  async #act(method: string, path: string, body?: object): Promise<Record_> {
    const answer = await this.admin({ method, path, ...(body === undefined ? {} : { body }) });
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }
}

interface Credential {
  readonly name: string;
  readonly credential: string;
  readonly scope?: string | undefined;
}

async function exchange(address: string, { name, credential, scope }: Credential): Promise<RawAnswer> {
  const basic = Buffer.from(`${name}:${credential}`).toString('base64');
  const wanted = scope === undefined ? '' : `&scope=${encodeURIComponent(scope)}`;
  return await request(address, {
    method: 'POST',
    target: '/oauth/token',
    headers: [`authorization: Basic ${basic}`, 'content-type: application/x-www-form-urlencoded'],
    body: `grant_type=client_credentials${wanted}`,
  });
}

const KINDS: Readonly<Record<string, LogEntry['kind']>> = {
  'call.intent': 'sent',
  'call.outcome': 'ended',
  'call.refused': 'refused',
  'authentication.failed': 'refused',
  'integrity.alarm': 'alarm',
  'guard.alarm': 'alarm',
  'placeholder.elsewhere': 'alarm',
};

function toEntry(event: Record_): LogEntry {
  const name = String(event['kind']);
  const kind = KINDS[name] ?? 'other';
  const isCall = kind === 'sent' || kind === 'ended' || kind === 'refused';
  const why = event['problem'] ?? event['reason'] ?? event['result'];
  return {
    id: String(event['id']),
    of: textOf(event['intent']),
    kind,
    service: nameOf(event['service']),
    agent: nameOf(event['agent']) ?? nameOf(event['principal']),
    reason: isCall ? textOf(why) : name,
    text: JSON.stringify(event),
  };
}

function textOf(member: unknown): string | undefined {
  return typeof member === 'string' ? member : undefined;
}

function nameOf(member: unknown): string | undefined {
  if (typeof member === 'string') return member;
  if (typeof member !== 'object' || member === null || !('name' in member)) return undefined;
  return typeof member.name === 'string' ? member.name : undefined;
}
