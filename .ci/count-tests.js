// Counts what vitest reports, and fails when a part of the suite was left out: the Postgres half, Wycheproof's vectors,
// or any test that was skipped. Usage: node count-tests.js REPORT.json
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ ancestorTitles: string[], title: string, status: string }} Test
 * @typedef {{ numPassedTests: number, numFailedTests: number, success: boolean,
 *   testResults: { status: string, assertionResults: Test[] }[] }} Report
 */

const MIN_POSTGRES_TESTS = 100;
const MIN_WYCHEPROOF_TESTS = 500;

const report = /** @type {Report} */ (JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
const passed = tests.filter(({ status }) => status === 'passed');
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
);

/** Passed tests inside a suite whose title matches. @param {RegExp} title */
function passedIn(title) {
  return passed.filter(({ ancestorTitles }) => ancestorTitles.some((ancestor) => title.test(ancestor)));
}

const postgres = passedIn(/\bpostgres\b/i).length;
const wycheproof = passedIn(/^Wycheproof /).filter(({ title }) => !title.startsWith('did not run')).length;
const left = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');

const trouble = [
  postgres < MIN_POSTGRES_TESTS && `the Postgres half did not run: ${postgres} tests on it`,
  wycheproof < MIN_WYCHEPROOF_TESTS && `Wycheproof's vectors did not run: ${wycheproof} tests with them`,
  ...left.map(({ ancestorTitles, title }) => `left out: ${[...ancestorTitles, title].join(' > ')}`),
].filter((line) => line !== false);

console.log(`tests on Postgres: ${postgres}, with Wycheproof's vectors: ${wycheproof}`);
for (const line of trouble) console.log(line);
console.log(`tests passed: ${passed.length}`);
console.log(
  `tests failed: ${tests.length - passed.length - left.length + brokenFiles.length + trouble.length}`,
);
if (trouble.length > 0 || !report.success) process.exitCode = 1;
