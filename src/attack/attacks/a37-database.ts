// A37 to A39: somebody who can write to the database as they like moves values, addresses and rights about.
import { randomBytes } from 'node:crypto';
import type { Attack } from '../attack.ts';
import { describe, newValue, type Scene } from '../scene.ts';
import type { LogEntry, Standing } from '../target.ts';

/** Makes every replica look at the rows of a table again, as a change by an administrator would. */
async function stir(scene: Scene, table: string): Promise<void> {
  const { sql } = scene.database;
  await sql('update vault set epoch = epoch + 1');
  await sql(`update ${table} set changed_epoch = (select epoch from vault)`);
}

interface Tampering {
  readonly table: string;
  readonly what: string;
  readonly change: string;
  /** Whether an answer is the refusal that must come. */
  readonly isRefused: (status: number) => boolean;
  /** Who calls while it is changed. */
  readonly callers: readonly Standing[];
  readonly method?: string;
}

/** Changes the database, sees what becomes of calls on every replica, and puts the rows back. */
async function tamper(scene: Scene, tampering: Tampering, fine: Standing): Promise<void> {
  const { table, what, change, isRefused, callers, method = 'GET' } = tampering;
  const { sql } = scene.database;
  const kept = `kept_${randomBytes(4).toString('hex')}`;
  const mark = await scene.target.mark();
  await sql(`create table ${kept} as select * from ${table}`);
  const putBack = async () => {
    const columns = await sql(
      'select column_name as name from information_schema.columns where table_name = $1 and is_generated = $2',
      [table, 'NEVER'],
    );
    const sets = columns.map(({ name }) => `"${String(name)}" = k."${String(name)}"`).join(', ');
    await sql(`delete from ${table} t where not exists (select 1 from ${kept} k where k.id = t.id)`);
    await sql(`update ${table} t set ${sets} from ${kept} k where k.id = t.id`);
    await sql(`drop table ${kept}`);
    await stir(scene, table);
  };
  try {
    await sql(change);
    await stir(scene, table);
    const isAlarm = ({ kind, text }: LogEntry) => kind === 'alarm' && text.includes(`"table":"${table}"`);
    await scene.logged('an alarm names the table each time', mark, isAlarm);
    for (const replica of scene.target.addresses.keys()) {
      for (const caller of callers) {
        let last = '';
        const refused = await scene.until(async () => {
          const answer = await scene.call(caller, '/ok', { replica, method });
          last = describe(answer);
          return isRefused(answer.status) ? true : undefined;
        });
        scene.claim('caller', `${what}: the call is refused`, refused === true, last);
      }
    }
  } finally {
    await putBack();
  }
  const again = await scene.until(async () =>
    (await scene.call(fine, '/ok')).status === 200 ? true : undefined,
  );
  scene.claim('caller', 'put back, calls go through', again === true);
}

const idOf = (table: string, name: string) => `(select id from ${table} where name = '${name}')`;

export const a37: Attack = {
  id: 'A37',
  who: ['DB'],
  title:
    'Swap stored values between secrets and versions, flip their bytes, cut them, change suite and generation',
  mustHold: 'they do not open; an alarm is raised; nothing else is sent instead',
  needs: ['database'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const other = await scene.stand();
    await scene.callFine(standing, upstream);
    const own = `secret_id = ${idOf('secret', standing.secret)}`;
    const theirs = `secret_id = ${idOf('secret', other.standing.secret)}`;
    const [row] = await scene.database.sql(
      `select length(value_record) as value, length(dek_record) as dek from secret_version where ${own}`,
    );
    const lengths = { value_record: Number(row?.['value']), dek_record: Number(row?.['dek']) };
    const swaps = [
      ['value_record'],
      ['dek_record'],
      ['value_record', 'dek_record'],
      ['value_record', 'dek_record', 'dek_id'],
    ];
    const changes = [
      ...swaps.map((columns) => {
        const sets = columns.map((name) => `${name} = o.${name}`).join(', ');
        return `update secret_version v set ${sets} from secret_version o where v.${own} and o.${theirs}`;
      }),
      ...Object.entries(lengths).flatMap(([column, length]) =>
        [
          // Each field of the header, its end, and the tag: format, suite, key reference, salt, nonce, commitment, value.
          ...[0, 2, 3, 4, 10, 21, 25, 60, 85, length - 40, length - 1].map(
            (at) => `set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`,
          ),
          `substr(${column}, 1, ${length - 1})`,
          "''::bytea",
        ].map((text) => `update secret_version set ${column} = ${text} where ${own}`),
      ),
      `update secret_version set number = 2 where ${own}`,
      `update secret_version set kek_generation = 2 where ${own}`,
    ];
    const { sql } = scene.database;
    const kept = `kept_${randomBytes(4).toString('hex')}`;
    await sql(`create table ${kept} as select * from secret_version where ${own}`);
    upstream.forget();
    for (const change of changes) {
      await sql(change);
      for (const replica of scene.target.addresses.keys()) {
        const answer = await scene.call(standing, '/ok', { replica });
        scene.claim(
          'caller',
          'no such value is sent',
          answer.status === 503,
          `${change}: ${describe(answer)}`,
        );
      }
      await sql(
        `update secret_version v set value_record = k.value_record, dek_record = k.dek_record, dek_id = k.dek_id, number = k.number, kek_generation = k.kek_generation from ${kept} k where k.id = v.id`,
      );
    }
    await sql(`drop table ${kept}`);
    scene.equal('upstream', 'it saw nothing', upstream.heard().length, 0);
    scene.equal('upstream', 'nor did the other one', other.upstream.connections, 0);
    await scene.callFine(standing, upstream);
    await scene.logged(
      'an alarm is on record',
      mark,
      ({ kind, reason }) => kind === 'alarm' && reason === 'integrity.alarm',
    );
    await scene.logged(
      'the calls are on record as failed',
      mark,
      ({ kind, reason }) => kind === 'ended' && reason === 'secret-unavailable',
    );
  },
};

export const a38: Attack = {
  id: 'A38',
  who: ['DB'],
  title: 'Change where a service sends its key: host, port, path, header, secret',
  mustHold: 'the service is no service any more; nothing is sent',
  needs: ['database'],
  run: async (scene) => {
    const { upstream, standing } = await scene.stand();
    const other = await scene.stand();
    const evil = await scene.upstream();
    await scene.callFine(standing, upstream);
    const before = upstream.started;
    const columns = [
      `origin = jsonb_set(origin, '{host}', '"localhost"')`,
      `origin = jsonb_set(origin, '{port}', '${evil.port}')`,
      `origin = jsonb_set(origin, '{scheme}', '"https"')`,
      `base_path = '/evil'`,
      `auth = '{"kind":"query","name":"key"}'`,
      `secret_id = ${idOf('secret', other.standing.secret)}`,
      `deny = '[]', revision = revision + 1`,
      `protection = '{"leaks":{"action":"redact","minting":"off"}}'`,
    ];
    const isRefused = (status: number) => status === 403;
    const fine = other.standing;
    for (const column of columns) {
      const change = `update service set ${column} where name = '${standing.service}'`;
      const what = column.split(' = ')[0] ?? '';
      await tamper(
        scene,
        { table: 'service', what: `${what} changed`, change, isRefused, callers: [standing] },
        fine,
      );
    }
    await rotateBeside(scene, standing, evil.port);
    scene.equal('upstream', 'it saw nothing', upstream.started - before, 0);
    scene.equal('upstream', 'nor did the one it was pointed at', evil.connections, 0);
    const noKey = !other.upstream.heard().includes(standing.value);
    scene.claim('upstream', 'nor did the other one get the key', noKey);
  },
};

/** An honest rotation, while the service leads elsewhere: the new value must not be sealed for there. */
async function rotateBeside(scene: Scene, { secret, service }: Standing, evilPort: number): Promise<void> {
  const { sql } = scene.database;
  const own = `where name = '${service}'`;
  const [row] = await sql(`select origin->>'port' as port from service ${own}`);
  const lead = (port: string) =>
    sql(`update service set origin = jsonb_set(origin, '{port}', '${port}') ${own}`);
  await lead(String(evilPort));
  const isRefused = await scene.target.rotate(secret, newValue()).then(
    () => false,
    () => true,
  );
  scene.claim('caller', 'no new value is stored for where it was pointed', isRefused);
  await lead(String(row?.['port']));
}

/** Another one's key in an agent's row, and an honest command that writes the row anew. */
async function keyFromElsewhere(scene: Scene, agent: string, thief: Standing): Promise<void> {
  const { sql } = scene.database;
  const own = `where name = '${agent}'`;
  const [row] = await sql(`select key_hash from agent ${own}`);
  await sql(`update agent set key_hash = (select key_hash from agent where name = '${thief.agent}') ${own}`);
  await scene.target.freeze(agent);
  await scene.target.unfreeze(agent).catch(() => undefined); // what refuses it is fine
  const token = await scene.target.token(agent, thief.agentKey).catch(() => undefined);
  scene.claim('caller', 'nobody logs in with a key that was put into a row', token === undefined);
  await sql(`update agent set key_hash = $1 ${own}`, [row?.['key_hash'] as Buffer]);
}

export const a39: Attack = {
  id: 'A39',
  who: ['DB'],
  title: 'Widen, prolong, invent and bring back grants, thaw agents, give them other keys',
  mustHold: 'rows that were not written by Doorward are ignored, with an alarm',
  needs: ['database'],
  run: async (scene) => {
    const { upstream, standing } = await scene.stand({ allow: ['GET /nothing'] });
    const other = await scene.stand();
    const frozen = await scene.stand();
    await scene.target.freeze(frozen.standing.agent);
    const removed = await scene.stand();
    await scene.target.removeGrant(removed.standing.agent, removed.standing.service);
    const fine = other.standing;
    const isRefused = (status: number) => status === 403 || status === 401;
    const agent = idOf('agent', standing.agent);
    const rights = (table: string, what: string, change: string, caller: Standing) =>
      tamper(scene, { table, what, change, isRefused, callers: [caller] }, fine);
    for (const change of [
      'allow = null',
      `allow = '["* /**"]'`,
      "expires_at = now() + interval '1 day', allow = null",
    ]) {
      await rights(
        'service_grant',
        'a widened grant',
        `update service_grant set ${change} where agent_id = ${agent}`,
        standing,
      );
    }
    const elsewhere: Standing = { ...standing, path: fine.path };
    await rights(
      'service_grant',
      'a grant led to another service',
      `update service_grant set service_id = ${idOf('service', fine.service)}, allow = null where agent_id = ${agent}`,
      elsewhere,
    );
    const columns = (
      await scene.database.sql(
        "select column_name as name from information_schema.columns where table_name = 'service_grant'",
      )
    )
      .map(({ name }) => String(name))
      .filter((name) => name !== 'id' && name !== 'agent_id');
    await rights(
      'service_grant',
      'an invented grant',
      `insert into service_grant (id, agent_id, ${columns.join(', ')}) select 'grt_01h455vb4pex5vsknk084sn02q', ${agent}, ${columns.join(', ')} from service_grant where agent_id = ${idOf('agent', fine.agent)}`,
      elsewhere,
    );
    await rights(
      'service_grant',
      'a grant that was taken back',
      `update service_grant set removed_at = null where agent_id = ${idOf('agent', removed.standing.agent)}`,
      removed.standing,
    );
    for (const change of [
      'frozen_at = null',
      'generation = 2',
      `key_hash = (select key_hash from agent where name = '${fine.agent}')`,
    ]) {
      await rights(
        'agent',
        'a thawed agent',
        `update agent set ${change} where name = '${frozen.standing.agent}'`,
        frozen.standing,
      );
    }
    await keyFromElsewhere(scene, frozen.standing.agent, fine);
    const unseen = [upstream, frozen.upstream, removed.upstream].map(({ started }) => started);
    scene.equal('upstream', 'none of them saw a request', unseen, [0, 0, 0]);
  },
};
