// Fills a bench's database: objects through the HTTP API, as anybody would; audit rows by SQL, because a million calls
// would take hours. Those rows have the shape of real ones and hashes that fit nothing: `audit verify` would say so.
import { randomBytes } from 'node:crypto';

/** @typedef {import('../installation.js').Doorward} Doorward */
/** @typedef {import('../postgres.js').PostgresServer} PostgresServer */

const AT_ONCE = 24;
const ROWS_AT_ONCE = 50_000;

/**
 * `count` secrets, services, agents and grants; gives the keys of some agents, spread over all of them.
 * @param {Pick<Doorward, 'admin'>} doorward
 * @param {{ count: number, kept: number, baseUrl: string, onStep: (done: number) => void }} options
 * @returns {Promise<{ agent: string, key: string }[]>}
 */
export async function fillObjects({ admin }, { count, kept, baseUrl, onStep }) {
  const every = Math.max(1, Math.floor(count / kept));
  /** @type {{ agent: string, key: string }[]} */
  const keys = [];
  let started = 0;
  let done = 0;
  const fillSome = async () => {
    while (started < count) {
      const i = started;
      started += 1;
      const name = `bench-${String(i).padStart(6, '0')}`;
      const value = `sk-${randomBytes(30).toString('base64url')}`;
      const [, { key }] = await Promise.all([
        admin('POST', '/v1/secrets', { name, value }).then(() =>
          admin('POST', '/v1/services', { name, baseUrl, auth: { kind: 'bearer' }, secret: name }),
        ),
        admin('POST', '/v1/agents', { name }),
      ]);
      await admin('POST', '/v1/grants', { agent: name, service: name });
      if (i % every === 0 && keys.length < kept) keys.push({ agent: name, key });
      done += 1;
      onStep(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fillSome));
  return keys;
}

/**
 * Intents and outcomes of one chain that nobody wrote, each a copy of a real one's text.
 * @param {PostgresServer} postgres
 * @param {{ url: string, rows: number, onStep: (done: number) => void }} options
 */
export async function fillAudit(postgres, { url, rows, onStep }) {
  const chain = `chn_01${randomBytes(12).toString('hex')}`;
  for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
    await postgres.run(auditSql(chain, from, Math.min(rows, from + ROWS_AT_ONCE)), url);
    onStep(from);
  }
  await postgres.run('vacuum analyze', url);
  await postgres.run('checkpoint', url);
}

/** Even numbers are intents, odd ones the outcomes of the intent before. @param {string} chain @param {number} from @param {number} to */
function auditSql(chain, from, to) {
  return `
set synchronous_commit = off;
create temporary table made as
  select n, evt_id(n) as id, case when n % 2 = 1 then evt_id(n - 1) end as intent,
    case when n % 2 = 0 then 'call.intent' else 'call.outcome' end as kind,
    sha256(n::text::bytea) as hash,
    date_trunc('month', now()) + n * interval '1 millisecond' as at
  from generate_series(${from}, ${to - 1}) as n;
insert into audit_event (id, vault_id, chain_id, chain_seq, prev_mac, mac, kind, intent_id, at, body_hash, leaf_hash)
  select id, (select id from vault limit 1), '${chain}', n + 1, hash, hash, kind, intent, at, hash, hash from made;
insert into audit_body (event_id, month, salt, json)
  select made.id, date_trunc('month', made.at)::date, substr(made.hash, 1, 16), real.json
  from made join (
    select distinct on (kind) kind, json from audit_event join audit_body on event_id = audit_event.id
    where chain_id <> '${chain}' order by kind, at
  ) as real on real.kind = made.kind;
drop table made;
`.replaceAll(
    /evt_id\(([^)]*)\)/g,
    (_, n) => `'evt_01' || lpad(to_hex(${n}), 10, '0') || substr(md5((${n})::text), 1, 14)`,
  );
}
