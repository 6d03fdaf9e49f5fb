// One row of the suite: who attacks, what, what must hold, and the attack itself.
import type { Aspect } from './evidence.ts';
import type { Scene } from './scene.ts';
import type { Capability } from './target.ts';

/** PI prompt-injected agent · ST thief of a token · MU malicious upstream · DB database writer · BK backup thief · IA malicious
 * administrator · NW network attacker · CR compromised replica · DoS · any. */
export const ATTACKERS = {
  PI: 'a prompt-injected agent with a valid token',
  ST: 'a thief of a token or credential',
  MU: 'a malicious upstream',
  DB: 'an attacker who writes to the database',
  BK: 'a thief of disks and backups',
  IA: 'a malicious administrator',
  NW: 'an attacker on the network',
  CR: 'a compromised replica',
  DoS: 'somebody who wants it to stop',
  any: 'anybody',
} as const;

export interface Attack {
  readonly id: `A${string}`;
  readonly who: readonly (keyof typeof ATTACKERS)[];
  readonly title: string;
  readonly mustHold: string;
  /** What the target must be able to do for the row to mean anything. */
  readonly needs?: readonly Capability[];
  /** Of caller, upstream and log: those the row says nothing about, and why. */
  readonly without?: Readonly<Partial<Record<Aspect, string>>>;
  readonly run: (scene: Scene) => Promise<void>;
}
