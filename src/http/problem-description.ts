// What is known about a kind of problem, as its page tells it.
import { type Fault, PROBLEM_PATH, type ProblemCode, PROBLEMS } from '../core/problem.ts';
import { isPassing } from './problem-response.ts';

export interface ProblemDescription {
  readonly type: string;
  readonly code: ProblemCode;
  readonly title: string;
  readonly status: number;
  readonly fault: Fault;
  readonly help: string;
  /** Whether sending the same again may be answered otherwise. */
  readonly retry: boolean;
}

export const WHO_ACTS: Readonly<Record<Fault, string>> = {
  caller: 'whoever sent the request',
  policy: 'an administrator, who decides what is allowed',
  upstream: 'whoever runs the upstream',
  vault: 'whoever runs Doorward',
};

export const RETRY = {
  helps: 'may help, a moment later',
  useless: 'does not help while nothing else changes',
} as const;

/** Every kind of problem, in the order of the catalogue. */
export function describeProblems(publicUrl: string): ProblemDescription[] {
  return Object.entries(PROBLEMS).map(([name, { title, status, fault, help }]) => {
    const code = name as ProblemCode; // the catalogue's own keys
    const type = `${publicUrl}${PROBLEM_PATH}${code}`;
    return { type, code, title, status, fault, help, retry: isPassing(code) };
  });
}
