// A41 and A43: the log changed by somebody with every right on the database, and everything that lies on disks searched.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attack } from '../attack.ts';
import type { Scene } from '../scene.ts';
import { formsIn } from '../spellings.ts';

interface Change {
  readonly what: string;
  readonly change: string;
  readonly undo: string;
}

/** The changes of one event; `$` stands for its id. Triggers are off, as a superuser can have them. */
function changesOf(id: string, kept: string): readonly Change[] {
  const own = `where id = '${id}'`;
  const body = `where event_id = '${id}'`;
  const column = (name: string, value: string): Change => ({
    what: `its ${name} is edited`,
    change: `update audit_event set ${name} = ${value} ${own}`,
    undo: `update audit_event e set ${name} = k.${name} from ${kept}_event k where k.id = e.id`,
  });
  const putBack = `insert into audit_event select * from ${kept}_event where id = '${id}'; insert into audit_body select * from ${kept}_body where event_id = '${id}'`;
  return [
    column('kind', "'call.refused'"),
    column('at', "at - interval '1 hour'"),
    column('mac', 'sha256(mac)'),
    {
      what: 'its text is edited',
      change: `update audit_body set json = replace(json, '/ok', '/no') ${body}`,
      undo: `update audit_body set json = replace(json, '/no', '/ok') ${body}`,
    },
    {
      what: 'it is deleted',
      change: `delete from audit_body ${body}; delete from audit_event ${own}`,
      undo: putBack,
    },
    {
      what: 'its text is deleted',
      change: `delete from audit_body ${body}`,
      undo: `insert into audit_body select * from ${kept}_body ${body}`,
    },
    {
      what: 'it changes places with another',
      change: swapped(kept, id),
      undo: swapped(kept, id),
    },
    {
      what: 'one is inserted',
      change: `insert into audit_event select (jsonb_populate_record(k, '{"id": "evt_01h455vb4pex5vsknk084sn02q", "chain_id": "chn_01h455vb4pex5vsknk084sn02q", "chain_seq": 1}')).* from ${kept}_event k where k.id = '${id}'`,
      undo: "delete from audit_event where chain_id = 'chn_01h455vb4pex5vsknk084sn02q'",
    },
  ];
}

/** Applied twice, everything is as it was. */
function swapped(kept: string, id: string): string {
  const chain = `(select chain_id from ${kept}_event where id = '${id}')`;
  const seq = `(select chain_seq from ${kept}_event where id = '${id}')`;
  const move = (from: string, to: string) =>
    `update audit_event set chain_seq = ${to} where chain_id = ${chain} and chain_seq = ${from}`;
  return [move(seq, '-1'), move(`${seq} - 1`, seq), move('-1', `${seq} - 1`)].join('; ');
}

export const a41: Attack = {
  id: 'A41',
  who: ['DB'],
  title: 'Edit, delete, reorder and insert events of the log, past every right and trigger',
  mustHold: 'verification names the very place',
  needs: ['database'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    for (let call = 0; call < 3; call += 1) await scene.callFine(standing, upstream);
    await scene.logged('the calls are on record', mark, ({ kind }) => kind === 'ended');
    const entries = await scene.target.logSince(mark);
    const event = entries.filter(({ kind, service }) => kind === 'sent' && service === standing.service)[1];
    if (event === undefined) throw new Error('no event to change');
    const before = await scene.target.verifyLog();
    scene.claim('log', 'the log is whole before', before.isWhole, before.trouble);
    await withoutTriggers(scene, async (kept) => {
      for (const { what, change, undo } of changesOf(event.id, kept)) {
        await scene.database.sql(change);
        const { isWhole, trouble } = await scene.target.verifyLog();
        scene.claim('log', `${what}: verification says so`, !isWhole, 'it found nothing');
        const isNamed = trouble.includes(event.id) || /"seq":\d+/.test(trouble);
        scene.claim('log', 'and where', isNamed, trouble);
        await scene.database.sql(undo);
      }
    });
    const after = await scene.target.verifyLog();
    scene.claim('log', 'put back, it is whole again', after.isWhole, after.trouble);
  },
};

/** Keeps a copy of the log, switches its triggers off, and on again in the end. */
async function withoutTriggers(scene: Scene, work: (kept: string) => Promise<void>): Promise<void> {
  const { sql } = scene.database;
  const kept = `kept_${randomBytes(4).toString('hex')}`;
  await sql(
    `create table ${kept}_event as select * from audit_event; create table ${kept}_body as select * from audit_body`,
  );
  await sql('alter table audit_event disable trigger all; alter table audit_body disable trigger all');
  try {
    await work(kept);
  } finally {
    await sql(
      'alter table audit_event enable always trigger audit_event_no_change; alter table audit_body enable always trigger audit_body_no_change',
    );
    await sql(`drop table ${kept}_event; drop table ${kept}_body`);
  }
}

export const a43: Attack = {
  id: 'A43',
  who: ['BK'],
  title: 'Search the database, its write-ahead log, dumps, backups and data directories',
  mustHold: 'no value, key or token is found in any form',
  needs: ['database', 'processes', 'command-line'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    const marker = standing.service;
    const { value, token, agentKey } = standing;
    const { sql, directory } = scene.database;
    await sql('checkpoint');
    const backup = join(scene.processes.privatePlaces[0] ?? '', 'attack.backup');
    const made = await scene.commandLine.run(['backup', 'create', backup]);
    scene.claim('beside', 'a backup is made', made.code === 0, made.stderr);
    const dump = await dumpOf(scene);
    const secrets = [value, token, agentKey];
    for (const secret of secrets) scene.noValue('log', 'no table holds it, the log’s neither', dump, secret);
    scene.claim('log', 'while the search finds what is there', dump.includes(marker));
    let isMarkerFound = false;
    for (const place of [directory, ...scene.processes.directories]) {
      for await (const [path, bytes] of filesIn(place)) {
        isMarkerFound ||= bytes.includes(marker);
        const found = secrets.flatMap((secret) =>
          bytes.includes(secret) ? ['raw'] : formsOfSmall(bytes, secret),
        );
        scene.claim('beside', 'no file holds it', found.length === 0, `${path}: ${found.join(', ')}`);
      }
    }
    scene.claim('beside', 'while the search finds what is there', isMarkerFound);
    const said = scene.processes.output();
    for (const secret of secrets)
      scene.noValue('beside', 'the servers’ own log does not hold it', said, secret);
    const answer = await scene.call(standing, '/ok');
    for (const secret of secrets) scene.noValue('caller', 'nor does an answer', answer.bytes, secret);
    await scene.noValueInLog(standing, mark);
  },
};

async function dumpOf(scene: Scene): Promise<string> {
  const { sql } = scene.database;
  const tables = await sql(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  const lines: string[] = [];
  for (const { name } of tables) {
    const rows = await sql(`select t::text as line from "${String(name)}" t`);
    lines.push(...rows.map(({ line }) => String(line)));
  }
  return lines.join('\n');
}

const LARGE_BYTES = 4 * 1024 * 1024;

/** Every form in files that are read as a whole; in large ones, which are the database's own, the raw bytes alone. */
function formsOfSmall(bytes: Buffer, secret: string): readonly string[] {
  return bytes.length > LARGE_BYTES ? [] : formsIn(bytes, secret);
}

async function* filesIn(directory: string): AsyncGenerator<readonly [string, Buffer]> {
  // A directory, too, may be gone since it was listed.
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    if (!entry.isFile()) continue;
    const bytes = await readFile(path).catch(() => undefined); // gone since it was listed
    if (bytes !== undefined) yield [path, bytes];
  }
}
