// Metrics as Prometheus reads them. Labels are few and bounded: never an agent, a path or anything a caller made up.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { CallSeries } from './call-series.ts';
import { createGuardCounters } from './guard-counters.ts';
import type { Metrics } from './metrics.ts';

/** What is looked up at the moment it is asked for. */
interface MetricSources {
  readonly version: string;
  openCalls(): number;
  /** Events that wait to be written to the audit log. */
  auditQueue(): number;
  isLeaseValid(): boolean;
  isDatabaseUp(): Promise<boolean>;
  /** Seconds since the oldest current version of any secret was made; undefined without one, or without a database. */
  oldestVersionSeconds(): Promise<number | undefined>;
}

export interface Exposition extends Metrics {
  readonly contentType: string;
  /** The text of one scrape; questions at the same time share one. */
  readonly text: () => Promise<string>;
}

export function createExposition(sources: MetricSources): Exposition {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const redacted = new Counter({
    name: 'doorward_redacted_total',
    help: 'Echoes of secrets that were masked in answers.',
    registers,
  });
  const tokens = new Counter({
    name: 'doorward_tokens_issued_total',
    help: 'Access tokens issued, by the kind of subject.',
    labelNames: ['subject'],
    registers,
  });
  const elsewhere = new Counter({
    name: 'doorward_placeholders_elsewhere_total',
    help: 'Placeholders seen at another service than their own.',
    registers,
  });
  const guards = createGuardCounters(registers);
  addGauges(registry, sources);
  const calls = new CallSeries();
  let scrape: Promise<string> | undefined;
  return {
    contentType: registry.contentType,
    callEnded: (call) => {
      calls.note(call);
      if (call.redacted > 0) redacted.inc(call.redacted);
      for (const finding of call.findings) guards.found(finding);
    },
    tokenIssued: (subject) => tokens.inc({ subject }),
    placeholderElsewhere: () => elsewhere.inc(),
    guardAlarm: guards.alarmed,
    frozenByGuard: guards.froze,
    text: () => {
      scrape ??= registry
        .metrics()
        .then((others) => others + calls.text())
        .finally(() => {
          scrape = undefined;
        });
      return scrape;
    },
  };
}

function addGauges(registry: Registry, sources: MetricSources): void {
  const gauge = (name: string, help: string, value: () => number | undefined | Promise<number | undefined>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const found = await value();
        if (found === undefined) this.remove();
        else this.set(found);
      },
    });
  gauge('doorward_open_calls', 'Brokered calls under way.', () => sources.openCalls());
  gauge('doorward_audit_queue', 'Events waiting to be written to the audit log.', () => sources.auditQueue());
  gauge('doorward_lease_valid', '1 while this replica may act on the rights it has in memory.', () =>
    Number(sources.isLeaseValid()),
  );
  gauge('doorward_database_up', '1 when the database answered just now.', async () =>
    Number(await sources.isDatabaseUp()),
  );
  gauge(
    'doorward_rotation_age_seconds',
    'Age of the current version that has gone longest without rotation, over all secrets.',
    () => sources.oldestVersionSeconds(),
  );
  new Gauge({
    name: 'doorward_build_info',
    help: '1, labelled with what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: sources.version, node: process.version }, 1);
}
