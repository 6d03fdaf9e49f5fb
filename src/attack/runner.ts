// Runs the rows one after the other against one target. A row holds when every claim of it does and none of the three places
// is passed over; an attack that breaks off has fallen, since nothing was shown.
import type { Attack } from './attack.ts';
import type { Aspect, Claim } from './evidence.ts';
import { Scene } from './scene.ts';
import type { Capability, Target } from './target.ts';

export interface Outcome {
  readonly attack: Attack;
  readonly verdict: 'held' | 'fell';
  readonly claims: readonly Claim[];
  readonly ms: number;
}

export interface LeftOut {
  readonly id: string;
  readonly title: string;
  readonly why: string;
}

export interface SuiteResult {
  readonly target: string;
  readonly outcomes: readonly Outcome[];
  readonly leftOut: readonly LeftOut[];
}

export interface RunOptions {
  readonly attacks: readonly Attack[];
  /** Rows of the list that are built for no target yet. */
  readonly notBuilt: readonly LeftOut[];
  readonly onOutcome: (outcome: Outcome, done: number, inAll: number) => void;
  /** How long what a broker does in its own time is waited for; forty-five seconds unless told. */
  readonly patienceMs?: number;
  readonly onStart?: (attack: Attack, done: number, inAll: number) => void;
}

const NEVER_PASSED_OVER = ['caller', 'upstream', 'log'] as const;

export async function runAttacks(target: Target, options: RunOptions): Promise<SuiteResult> {
  const missing = (attack: Attack) => (attack.needs ?? []).filter((need) => !target.capabilities.has(need));
  const possible = options.attacks.filter((attack) => missing(attack).length === 0);
  const outcomes: Outcome[] = [];
  const waiting: Carried[] = [];
  const judge = async (carried: Carried) => {
    const outcome = await settled(carried);
    outcomes.push(outcome);
    options.onOutcome(outcome, outcomes.length, possible.length);
  };
  for (const attack of possible) {
    options.onStart?.(attack, outcomes.length, possible.length);
    const carried = await carryOut(new Scene(target, options.patienceMs), attack);
    if (carried.scene.isWaiting) waiting.push(carried);
    else await judge(carried);
  }
  for (const carried of waiting) await judge(carried);
  outcomes.sort((a, b) => a.attack.id.localeCompare(b.attack.id));
  const impossible = options.attacks.flatMap((attack) => {
    const needs = missing(attack);
    return needs.length === 0 ? [] : [{ id: attack.id, title: attack.title, why: whyNot(needs) }];
  });
  const leftOut = [...impossible, ...options.notBuilt].toSorted((a, b) => a.id.localeCompare(b.id));
  return { target: target.name, outcomes, leftOut };
}

interface Carried {
  readonly attack: Attack;
  readonly scene: Scene;
  readonly ms: number;
}

async function carryOut(scene: Scene, attack: Attack): Promise<Carried> {
  const startMs = performance.now();
  await attempt(scene, 'the attack was carried out to its end', () => attack.run(scene));
  await attempt(scene, 'what the attack changed was put back', () => scene.close());
  return { attack, scene, ms: performance.now() - startMs };
}

async function settled({ attack, scene, ms }: Carried): Promise<Outcome> {
  const { evidence } = scene;
  await attempt(scene, 'the attack was carried out to its end', () => scene.settle());
  for (const aspect of passedOver(attack, evidence.claims)) {
    evidence.claim(aspect, 'the row looks here', false, 'it claims nothing about it');
  }
  const { claims } = evidence;
  const verdict = claims.length > 0 && claims.every(({ holds }) => holds) ? 'held' : 'fell';
  return { attack, verdict, claims, ms };
}

/** What breaks off is a claim that does not hold; what does not is none. */
async function attempt(scene: Scene, text: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    scene.claim('beside', text, false, reasonOf(error));
  }
}

function passedOver({ without = {} }: Attack, claims: readonly Claim[]): readonly Aspect[] {
  return NEVER_PASSED_OVER.filter(
    (aspect) => without[aspect] === undefined && !claims.some((claim) => claim.aspect === aspect),
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function whyNot(needs: readonly Capability[]): string {
  return `the target lacks: ${needs.join(', ')}`;
}

export function countOf({ outcomes }: SuiteResult): { run: number; held: number; fell: number } {
  const held = outcomes.filter(({ verdict }) => verdict === 'held').length;
  return { run: outcomes.length, held, fell: outcomes.length - held };
}

/** The last line of every run. */
export function summaryLine(result: SuiteResult): string {
  const { run, held, fell } = countOf(result);
  return `attacks: ${run} run, ${held} held, ${fell} fell`;
}
