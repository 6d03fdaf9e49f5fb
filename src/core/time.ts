// The clock and the randomness of the installation, as ports: tests shift the clock and seed the ids.

export interface Clock {
  /** Wall-clock time, UTC. */
  now(): Date;
  /** Milliseconds of a clock that never steps; only differences mean anything. */
  monotonicMs(): number;
}

export interface Randomness {
  /** `length` unpredictable bytes. */
  bytes(length: number): Buffer;
}

export function addSeconds(at: Date, seconds: number): Date {
  return new Date(at.getTime() + seconds * 1000);
}
