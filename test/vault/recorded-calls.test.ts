// Recorded calls as decisions see them: found among others, each once, newest first, and never more than was agreed: on both
// engines.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditInput } from '../../src/core/audit-event.ts';
import { type Id, newId } from '../../src/core/ids.ts';
import type { AuditLog } from '../../src/vault/audit/audit-log.ts';
import {
  agentText,
  type RecordedCall,
  readRecordedCalls,
  serviceTexts,
} from '../../src/vault/audit/recorded-calls.ts';
import { testDatabases } from '../support/database.ts';
import { type AuditWorld, createAuditWorld, ids } from './audit-fixture.ts';

const LONG_AGO = new Date(0);

describe.each(testDatabases())('recorded calls on $name', (engine) => {
  let world: AuditWorld;
  let log: AuditLog;
  const mine = newId(ids, 'agt');
  const other = newId(ids, 'agt');
  const service = { id: newId(ids, 'svc'), name: 'mail' };

  beforeAll(async () => {
    world = await createAuditWorld(engine);
    log = await world.start();
    for (let at = 0; at < 12; at += 1) {
      const request = newId(ids, 'req');
      await log.append(intent(mine, `/mine/${at}`, request));
      if (at === 5) await log.append(intent(mine, `/mine/${at}`, request)); // sent again
      await log.append(intent(other, `/other/${at}`, newId(ids, 'req')));
    }
    await log.append(refused(mine, { path: '/refused', method: 'POST', rule: 'grant' }));
    await log.append(refused(mine, { rawPath: { bytes: 3, hash: 'h'.repeat(43) } }));
  });
  afterAll(() => world?.close());

  const base = (agent: Id<'agt'>, request: Id<'req'>) => ({
    vault: world.vault,
    principal: { type: 'agent', id: agent, name: 'robot' } as const,
    request,
    client: '192.0.2.7',
  });
  const intent = (agent: Id<'agt'>, path: string, request: Id<'req'>): AuditInput => ({
    kind: 'call.intent',
    ...base(agent, request),
    service: { ...service, revision: 1 },
    secret: { id: newId(ids, 'sec'), version: 1 },
    method: 'GET',
    path,
    queryKeys: ['limit'],
    body: { held: false },
    decision: { effect: 'allow', rule: 'GET /**', grant: newId(ids, 'grt'), grantRevision: 1 },
    epoch: '7',
    webSocket: true,
  });
  const refused = (agent: Id<'agt'>, more: object): AuditInput => ({
    kind: 'call.refused',
    ...base(agent, newId(ids, 'req')),
    service: 'mail',
    problem: 'not-allowed',
    ...more,
  });
  const read = async (texts: readonly string[], bounds?: Parameters<typeof readRecordedCalls>[2]) =>
    await readRecordedCalls(world, { since: LONG_AGO, texts }, bounds);
  const paths = (calls: readonly RecordedCall[]) => calls.map(({ address }) => address.path);

  test('of an agent are its own, each once, newest first; one that had no address is none', async () => {
    const { calls, cutAt } = await read([agentText(mine)]);
    expect(paths(calls)).toEqual(['/refused', ...Array.from({ length: 12 }, (_, at) => `/mine/${11 - at}`)]);
    expect(calls[0]).toMatchObject({
      agent: mine,
      method: 'POST',
      service: 'mail',
      serviceId: undefined,
      isWebSocket: false,
      queryKeys: undefined,
      refusal: { problem: 'not-allowed', rule: 'grant' },
    });
    expect(calls[1]).toMatchObject({
      serviceId: service.id,
      isWebSocket: true,
      queryKeys: ['limit'],
      client: '192.0.2.7',
      refusal: undefined,
    });
    expect(cutAt).toBeUndefined();
  });

  test('of a service are those of every agent, allowed or refused', async () => {
    expect((await read(serviceTexts(service))).calls).toHaveLength(25);
    expect((await read(serviceTexts({ id: newId(ids, 'svc'), name: 'other' }))).calls).toEqual([]);
  });

  test('are the same whatever the steps they are read in', async () => {
    const whole = paths((await read([agentText(other)])).calls);
    for (const span of [1, 2, 3, 7, 27, 28]) {
      const bounds = { calls: 1000, looked: 1000, span };
      expect(paths((await read([agentText(other)], bounds)).calls)).toEqual(whole);
    }
  });

  test('are the newest where there are too many, and it is told since when', async () => {
    const few = await read([agentText(mine)], { calls: 4, looked: 1000, span: 5 });
    expect(paths(few.calls)).toEqual(['/refused', '/mine/11', '/mine/10', '/mine/9']);
    expect(few.cutAt).toEqual(few.calls.at(-1)?.at);
    const hasty = await read([agentText(mine)], { calls: 1000, looked: 6, span: 3 });
    expect(paths(hasty.calls)).toEqual(['/refused', '/mine/11', '/mine/10']);
    expect(hasty.cutAt).toBeInstanceOf(Date);
  });

  test('begin at the moment that was asked for', async () => {
    const since = new Date(Date.now() + 60_000);
    expect((await readRecordedCalls(world, { since, texts: [agentText(mine)] })).calls).toEqual([]);
  });
});
