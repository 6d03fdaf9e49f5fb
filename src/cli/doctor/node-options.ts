// Options that open the process's memory, or its connections, to others. Judged is the environment of this command.
import { type Check, fail, type Finding, pass, warn } from './check.ts';

const RISKS: readonly (readonly [RegExp, Finding['level'], string])[] = [
  [/--inspect(-brk|-port|-wait)?\b/, 'fail', 'the inspector lets whoever reaches its port read every key'],
  [/--tls-keylog\b/, 'fail', 'every TLS session key is written to a file'],
  [/--(heapsnapshot|heap-prof|diagnostic-dir)/, 'warn', 'memory, keys included, may be written to files'],
  [
    /--(abort-on-uncaught-exception|report-(on|uncaught))/,
    'warn',
    'a failure may write memory or the environment to files',
  ],
  [
    /(^|\s)(-r|--require|--import|--loader|--experimental-loader)\b/,
    'warn',
    'other code is loaded beside the keys',
  ],
  [/--tls-min-v1\.[01]\b/, 'warn', 'old versions of TLS are allowed'],
];

export const nodeOptions: Check = {
  name: 'node-options',
  area: 'process',
  run: ({ environment }) => judgeOptions(environment, process.execArgv),
};

export function judgeOptions(
  environment: Readonly<Record<string, string | undefined>>,
  execArgv: readonly string[],
): readonly Finding[] {
  const given = [environment['NODE_OPTIONS'] ?? '', ...execArgv].join(' ');
  const found: Finding[] = RISKS.flatMap(([pattern, level, why]) => {
    const option = pattern.exec(given)?.[0].trim();
    if (option === undefined) return [];
    return [
      { level, summary: `${option} is among Node's options: ${why}`, fix: 'Take it out of NODE_OPTIONS' },
    ];
  });
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    found.push(
      fail(
        'NODE_TLS_REJECT_UNAUTHORIZED=0: certificates of the database and of a server named by --url are not checked',
        'unset NODE_TLS_REJECT_UNAUTHORIZED; for an authority of your own set NODE_EXTRA_CA_CERTS',
      ),
    );
  }
  if ((environment['NODE_DEBUG'] ?? '') !== '') {
    found.push(warn('NODE_DEBUG is set: Node may print headers, keys included', 'unset NODE_DEBUG'));
  }
  return found.length === 0
    ? [pass("Nothing among Node's options opens its memory or its connections")]
    : found;
}
