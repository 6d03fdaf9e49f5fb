// The two metrics that every call touches, counted in plain numbers and written as text when asked for: the library's
// own counters name their labels anew for each observation, which would cost a call more than all the counting.
import type { EndedCall } from './metrics.ts';

/** Further services count together, so that no installation grows series without end. */
const MAX_SERVICES = 100;
const NO_SERVICE = 'unknown';
const FURTHER_SERVICES = 'other';
const DECISIONS = { allow: 0, deny: 1, unauthenticated: 2, error: 3 } as const;
/** By the first digit of the status; 0 stands for no status. */
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx', '7xx', '8xx', '9xx'] as const;
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

const REQUESTS = 'doorward_requests_total';
const SECONDS = 'doorward_request_duration_seconds';

/** One service's numbers. */
interface Counts {
  /** By decision, then by class. */
  readonly requests: Float64Array;
  /** Calls that took at most each bound and more than the one before; the last: more than every bound. */
  readonly buckets: Float64Array;
  seconds: number;
}

export class CallSeries {
  readonly #services = new Map<string, Counts>();

  note({ service = NO_SERVICE, decision, status = 0, seconds }: EndedCall): void {
    const counts = this.#countsOf(service);
    const request = DECISIONS[decision] * CLASSES.length + Math.floor(status / 100);
    counts.requests[request] = (counts.requests[request] ?? 0) + 1;
    let bucket = 0;
    while (seconds > (BOUNDS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
    counts.seconds += seconds;
  }

  /** Prometheus text. Names of services need no escaping: they hold letters, digits, `-` and `_`. */
  text(): string {
    const services = [...this.#services];
    return [
      `# HELP ${REQUESTS} Brokered calls that ended, by service, decision and class of the status answered.`,
      `# TYPE ${REQUESTS} counter`,
      ...services.flatMap(([name, { requests }]) => requestLines(name, requests)),
      `# HELP ${SECONDS} From the first byte of a brokered call to the last of its answer, by service.`,
      `# TYPE ${SECONDS} histogram`,
      ...services.flatMap(([name, counts]) => secondsLines(name, counts)),
      '',
    ].join('\n');
  }

  #countsOf(service: string): Counts {
    const found = this.#services.get(service);
    if (found !== undefined) return found;
    const isFull = this.#services.size >= MAX_SERVICES && service !== FURTHER_SERVICES;
    if (isFull) return this.#countsOf(FURTHER_SERVICES);
    const counts = {
      requests: new Float64Array(Object.keys(DECISIONS).length * CLASSES.length),
      buckets: new Float64Array(BOUNDS.length + 1),
      seconds: 0,
    };
    this.#services.set(service, counts);
    return counts;
  }
}

function requestLines(service: string, requests: Float64Array): string[] {
  return Object.entries(DECISIONS).flatMap(([decision, at]) =>
    CLASSES.flatMap((statusClass, digit) => {
      const count = requests[at * CLASSES.length + digit] ?? 0;
      const labels = `service="${service}",decision="${decision}",status_class="${statusClass}"`;
      return count === 0 ? [] : [`${REQUESTS}{${labels}} ${count}`];
    }),
  );
}

function secondsLines(service: string, { buckets, seconds }: Counts): string[] {
  let sum = 0;
  const lines = [...BOUNDS, '+Inf'].map((bound, at) => {
    sum += buckets[at] ?? 0; // a bucket holds those of every bucket below it
    return `${SECONDS}_bucket{service="${service}",le="${bound}"} ${sum}`;
  });
  return [
    ...lines,
    `${SECONDS}_sum{service="${service}"} ${seconds}`,
    `${SECONDS}_count{service="${service}"} ${sum}`,
  ];
}
