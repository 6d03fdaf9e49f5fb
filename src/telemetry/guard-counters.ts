// What guards found, raised and froze, by words of ours alone: a rule may be an administrator's own and is no label.
import { Counter, type Registry } from 'prom-client';
import type { CountedFinding } from '../core/inspection/finding.ts';
import type { Metrics } from './metrics.ts';

interface GuardCounters {
  readonly found: (finding: CountedFinding) => void;
  readonly alarmed: Metrics['guardAlarm'];
  readonly froze: Metrics['frozenByGuard'];
}

export function createGuardCounters(registers: Registry[]): GuardCounters {
  const findings = new Counter({
    name: 'doorward_findings_total',
    help: 'What guards found in calls, by guard, direction and what was done.',
    labelNames: ['guard', 'direction', 'action'],
    registers,
  });
  const alarms = new Counter({
    name: 'doorward_guard_alarms_total',
    help: 'Alarms of guards, by alarm and what was done.',
    labelNames: ['alarm', 'done'],
    registers,
  });
  const freezes = new Counter({
    name: 'doorward_automatic_freezes_total',
    help: 'Agents and grants frozen by guards.',
    labelNames: ['target'],
    registers,
  });
  return {
    found: ({ guard, direction, action, count }) => findings.inc({ guard, direction, action }, count),
    alarmed: (alarm, done) => alarms.inc({ alarm, done }),
    froze: (target) => freezes.inc({ target }),
  };
}
