// How many attack texts the rules find that they were not made from, and how many harmless texts from real files they flag.
// The attack texts have two halves: rules may be made from one, and only this file counts the other.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerTextStage } from '../../src/core/model-text/answer-stages.ts';
import { ModelText } from '../../src/core/model-text/engine.ts';
import { Watch } from '../../src/core/model-text/watch.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ATTACKS = join(ROOT, 'test/fixtures/model-text');
const HARMLESS = 1_500;
const MAX_BYTES = 100_000;

interface Attack {
  readonly id: string;
  readonly text: string;
  readonly language: string;
  readonly disguise: string;
  readonly carrier: string;
}

const texts = new ModelText();
const BOTH = new Set(['reads', 'writes'] as const);

/** The rules a text breaks where it arrives as an upstream's answer. */
function found(text: string, contentType: string): Set<string> {
  const ids = new Set<string>();
  const watch = new Watch({ texts, sides: BOTH, onRule: (id) => ids.add(id) });
  const stage = answerTextStage(contentType, {
    watch,
    mayCut: false,
    hidden: 'off',
    onHidden: () => undefined,
  });
  stage?.push(Buffer.from(text));
  stage?.end();
  return ids;
}

function typeOf({ carrier }: Attack): string {
  if (carrier.startsWith('html')) return 'text/html';
  return carrier.endsWith('json') ? 'application/json' : 'text/plain';
}

function attacks(): { readonly training: Attack[]; readonly heldOut: Attack[] } {
  const all = readdirSync(ATTACKS)
    .filter((name) => /^attacks.*\.jsonl$/.test(name))
    .flatMap((name) => readFileSync(join(ATTACKS, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Attack);
  const isTraining = ({ id }: Attack) =>
    Number.parseInt(createHash('sha256').update(id).digest('hex')[0] ?? '', 16) % 2 === 0;
  return { training: all.filter(isTraining), heldOut: all.filter((attack) => !isTraining(attack)) };
}

/** Files that people wrote: readmes, licences, changelogs, documentation, sources and declarations of what is installed. */
function harmlessFiles(): string[] {
  const files: string[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (
        /\.(?:md|txt|html|json|d\.ts|[cm]?js|ts)$|licen[cs]e|changelog|readme|notice/i.test(entry.name)
      ) {
        const { size } = statSync(path);
        if (size > 200 && size < MAX_BYTES) files.push(path);
      }
    }
  };
  visit(join(ROOT, 'node_modules'));
  const rank = (path: string) => createHash('sha256').update(path.slice(ROOT.length)).digest('hex');
  const prose = files.filter((path) => /\.(?:md|txt)$|licen[cs]e|changelog|readme|notice/i.test(path));
  const rest = files.filter((path) => !prose.includes(path)).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return [...prose, ...rest].slice(0, Math.max(HARMLESS, prose.length));
}

describe('text under the rules', () => {
  let halves: ReturnType<typeof attacks>;
  beforeAll(() => {
    halves = attacks();
  });

  it('is found where it attacks, mostly also in the half that no rule was made from', () => {
    const rateOf = (half: readonly Attack[]) =>
      half.filter((attack) => found(attack.text, typeOf(attack)).size > 0).length / half.length;
    const { training, heldOut } = halves;
    const rates = { training: rateOf(training), heldOut: rateOf(heldOut) };
    const by = (key: 'language' | 'disguise' | 'carrier') =>
      [...new Set(heldOut.map((attack) => attack[key]))].sort().map((value) => {
        const group = heldOut.filter((attack) => attack[key] === value);
        return `${value} ${(rateOf(group) * 100).toFixed(0)} % of ${group.length}`;
      });
    console.log(
      [
        `caught: ${percent(rates.heldOut)} of ${heldOut.length} held out, ${percent(rates.training)} of ${training.length} others`,
        ...(['language', 'disguise', 'carrier'] as const).map((key) => `  by ${key}: ${by(key).join(', ')}`),
      ].join('\n'),
    );
    expect(training.length + heldOut.length).toBeGreaterThanOrEqual(300);
    expect(rates.training).toBeGreaterThanOrEqual(0.95);
    expect(rates.heldOut).toBeGreaterThanOrEqual(0.6);
  });

  it('is let pass where it is harmless', () => {
    const files = harmlessFiles();
    const flagged = files.filter((path) => {
      const contentType = path.endsWith('.html')
        ? 'text/html'
        : path.endsWith('.json')
          ? 'application/json'
          : 'text/plain';
      return found(readFileSync(path, 'utf8'), contentType).size > 0;
    });
    console.log(
      `flagged: ${percent(flagged.length / files.length)} of ${files.length} harmless files (${flagged.length})`,
    );
    expect(files.length).toBeGreaterThanOrEqual(1_000);
    expect(flagged.length / files.length).toBeLessThanOrEqual(0.02);
  });
});

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}
