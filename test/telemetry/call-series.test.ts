// The text that a scrape gets of calls: right numbers, and never more series than were meant.
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { CallSeries } from '../../src/telemetry/call-series.ts';
import type { EndedCall } from '../../src/telemetry/metrics.ts';

const CALL: EndedCall = {
  service: 'vendor',
  decision: 'allow',
  status: 200,
  seconds: 0.002,
  redacted: 0,
  findings: [],
};

/** Values by series, of the lines that are no comment. */
function seriesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of lines)
    expect(line).toMatch(/^[a-z_]+\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\} [\d.e+-]+$/);
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('the series of calls', () => {
  test('have a type and a help each, also before the first call', () => {
    const text = new CallSeries().text();
    expect(text).toMatch(/^# HELP doorward_requests_total .+\n# TYPE doorward_requests_total counter\n/);
    expect(text).toMatch(/# TYPE doorward_request_duration_seconds histogram\n$/);
  });

  test('add up: each call is in one count of requests, and in every bucket at or above its time', () => {
    const call = fc.record({
      service: fc.constantFrom('one', 'two', undefined),
      decision: fc.constantFrom('allow', 'deny', 'unauthenticated', 'error'),
      status: fc.option(fc.integer({ min: 100, max: 999 }), { nil: undefined }),
      seconds: fc.oneof(fc.double({ min: 0, max: 1000, noNaN: true }), fc.constantFrom(0.001, 0.1, 300)),
      redacted: fc.constant(0),
      findings: fc.constant([]),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 50 }), (calls) => {
        const series = new CallSeries();
        for (const each of calls) series.note(each);
        const found = seriesOf(series.text());
        const sum = (name: string) =>
          [...found]
            .filter(([key]) => key.startsWith(`${name}{`))
            .reduce((total, [, count]) => total + count, 0);
        expect(sum('doorward_requests_total')).toBe(calls.length);
        expect(sum('doorward_request_duration_seconds_count')).toBe(calls.length);
        const ones = calls.filter(({ service }) => service === 'one');
        for (const bound of [0.001, 0.1, 300]) {
          const bucket =
            found.get(`doorward_request_duration_seconds_bucket{service="one",le="${bound}"}`) ?? 0;
          expect(bucket).toBe(ones.filter(({ seconds }) => seconds <= bound).length);
        }
      }),
    );
  });

  test('are of at most a hundred services, the rest under one name', () => {
    const series = new CallSeries();
    for (let i = 0; i < 250; i += 1) series.note({ ...CALL, service: `service-${i}` });
    const found = seriesOf(series.text());
    const services = new Set([...found.keys()].map((key) => /service="([^"]*)"/.exec(key)?.[1]));
    expect(services.size).toBe(101);
    expect(found.get('doorward_requests_total{service="other",decision="allow",status_class="2xx"}')).toBe(
      150,
    );
  });
});
