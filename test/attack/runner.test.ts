// The suite can fail: rows fall for a broker that is weak on purpose, for claims that are not made and for attacks that break
// off; what a target can not do is left out and listed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attack } from '../../src/attack/attack.ts';
import { ATTACKS, NOT_BUILT } from '../../src/attack/registry.ts';
import { toMarkdown } from '../../src/attack/report.ts';
import { type Outcome, runAttacks, type SuiteResult, summaryLine } from '../../src/attack/runner.ts';
import type { Target } from '../../src/attack/target.ts';
import { startWeakBroker } from './weak-broker.ts';

let target: Target;
beforeAll(async () => {
  target = await startWeakBroker();
});
afterAll(() => target.close());

const rows = (...ids: readonly string[]) => ATTACKS.filter(({ id }) => ids.includes(id));

async function run(attacks: readonly Attack[]): Promise<SuiteResult> {
  const told: Outcome[] = [];
  const result = await runAttacks(target, {
    attacks,
    notBuilt: [],
    patienceMs: 100,
    onOutcome: (outcome) => told.push(outcome),
  });
  expect(told.map(({ attack }) => attack.id).toSorted()).toEqual(
    result.outcomes.map(({ attack }) => attack.id),
  );
  return result;
}

const failed = ({ outcomes }: SuiteResult) =>
  outcomes.flatMap(({ attack, claims }) =>
    claims.filter(({ holds }) => !holds).map(({ aspect, text }) => `${attack.id} ${aspect}: ${text}`),
  );

describe('a broker that passes everything on', () => {
  it('falls by what the caller got, by what the upstream saw and by what the log says', {
    timeout: 120_000,
  }, async () => {
    const result = await run(rows('A02', 'A28', 'A32'));
    expect(result.outcomes.map(({ verdict }) => verdict)).toEqual(['fell', 'fell', 'fell']);
    expect(summaryLine(result)).toBe('attacks: 3 run, 0 held, 3 fell');
    expect(failed(result)).toEqual(
      expect.arrayContaining([
        'A02 caller: every spelling is refused',
        'A02 upstream: it saw no request',
        'A02 log: the refusals are on record',
        'A28 caller: not as raw',
        'A28 caller: not as base64',
        'A32 upstream: the other host saw no connection',
      ]),
    );
    const report = toMarkdown(result, { version: '1', at: new Date(0) });
    expect(report).toContain('| A28 | MU |');
    expect(report).toContain('**fell**');
    expect(report).toContain('**not so**: it saw no request');
  });

  it('leaves out what it can not do, and says why', async () => {
    const result = await run(rows('A25', 'A38'));
    expect(result.outcomes).toEqual([]);
    expect(result.leftOut).toEqual([
      expect.objectContaining({ id: 'A25', why: 'the target lacks: replicas' }),
      expect.objectContaining({ id: 'A38', why: 'the target lacks: database' }),
    ]);
  });
});

describe('a row', () => {
  const row = (attack: Partial<Attack>): Attack => ({
    id: 'A00',
    who: ['any'],
    title: 'a row',
    mustHold: 'something',
    run: () => Promise.resolve(),
    ...attack,
  });
  const verdictOf = async (attack: Partial<Attack>) => (await run([row(attack)])).outcomes[0];

  it('falls when it passes over one of caller, upstream and log', async () => {
    const outcome = await verdictOf({
      run: async (scene) => {
        scene.claim('caller', 'fine', true);
        scene.claim('log', 'fine', true);
        await Promise.resolve();
      },
    });
    expect(outcome?.verdict).toBe('fell');
    expect(outcome?.claims).toContainEqual(expect.objectContaining({ aspect: 'upstream', holds: false }));
  });

  it('falls when it claims nothing at all, whatever it says it can not look at', async () => {
    expect((await verdictOf({ without: { caller: 'x', upstream: 'x', log: 'x' } }))?.verdict).toBe('fell');
  });

  it('falls when it breaks off, and what it changed is put back', async () => {
    let isUndone = false;
    const outcome = await verdictOf({
      run: async (scene) => {
        scene.undo(() => Promise.resolve((isUndone = true)));
        await Promise.reject(new Error('broken'));
      },
    });
    expect(outcome?.verdict).toBe('fell');
    expect(isUndone).toBe(true);
  });

  it('holds no claim for true because it held once', async () => {
    const outcome = await verdictOf({
      without: { caller: 'x', upstream: 'x', log: 'x' },
      run: async (scene) => {
        for (const holds of [true, false, true]) scene.claim('beside', 'always', holds, 'found');
        await Promise.resolve();
      },
    });
    expect(outcome?.claims).toEqual([{ aspect: 'beside', text: 'always', holds: false, found: 'found' }]);
  });
});

describe('the list', () => {
  it('has every row once, run or left out with its reason', () => {
    const ids = [...ATTACKS, ...NOT_BUILT].map(({ id }) => id).toSorted();
    expect(ids).toEqual(Array.from({ length: 61 }, (_, at) => `A${String(at + 1).padStart(2, '0')}`));
    expect(ATTACKS.length).toBeGreaterThanOrEqual(39);
  });
});
