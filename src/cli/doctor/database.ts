// Which database, whether it answers, and whether it is the right choice.
import type { DatabaseInspection } from '../../inspect.ts';
import { type Check, type Configured, fail, type Finding, pass, warn, withConfiguration } from './check.ts';
import { lookAt } from './database-answer.ts';

/** What one server opens: see store/database. */
const CONNECTIONS_OF_A_SERVER = 13;

export const database: Check = {
  name: 'database',
  area: 'database',
  run: withConfiguration(async (configured, { environment }) => {
    const { config, inspector } = configured;
    if (config.databaseUrl === undefined) return judgeEmbedded(environment);
    const { database: found, trouble } = await lookAt(() => inspector.database());
    const further = await Promise.all(FURTHER.map((address) => lookFurther(configured, address)));
    if (found === undefined) {
      return [fail(trouble ?? '', 'Correct DATABASE_URL or the server it names'), ...further.flat()];
    }
    const isRunning = (await configured.server()).state === 'answers';
    return [pass(`Postgres ${found.version} answers`), ...judgeServer(found, isRunning), ...further.flat()];
  }),
};

const FURTHER = [
  ['DOORWARD_MIGRATION_DATABASE_URL', 'migrationDatabaseUrl'],
  ['DOORWARD_LISTEN_DATABASE_URL', 'listenDatabaseUrl'],
] as const;

async function lookFurther(
  { config, inspector }: Configured,
  [name, field]: (typeof FURTHER)[number],
): Promise<Finding[]> {
  const url = config[field];
  if (url === undefined) return [];
  const { trouble } = await lookAt(() => inspector.databaseAt(url));
  return trouble === undefined ? [] : [fail(`${name}: ${trouble}`, `Correct ${name} or the server it names`)];
}

function judgeEmbedded({ KUBERNETES_SERVICE_HOST }: Readonly<Record<string, string | undefined>>): Finding[] {
  if (KUBERNETES_SERVICE_HOST !== undefined) {
    return [
      warn(
        'The embedded database is for one process on one host, and this runs in Kubernetes, which moves processes about',
        'Use Postgres: DATABASE_URL and DOORWARD_MIGRATION_DATABASE_URL',
      ),
    ];
  }
  return [
    pass(
      'The database is embedded: good for one server. Use Postgres for several, for a database that is backed up already, or where not even the last second of call records may go in a power cut',
    ),
  ];
}

function judgeServer(found: DatabaseInspection, isRunning: boolean): Finding[] {
  const { isStandby, isDurable, maxConnections, usedConnections } = found;
  const findings: Finding[] = [];
  if (isStandby)
    findings.push(
      fail('The database is a standby, which can not be written', 'Name the primary in DATABASE_URL'),
    );
  if (!isDurable) {
    findings.push(
      warn(
        'The database answers before its commits are on disk (fsync or synchronous_commit is off): a crash loses records',
        'alter system set fsync = on; alter system set synchronous_commit = on; select pg_reload_conf();',
      ),
    );
  }
  const wanted = isRunning ? 0 : CONNECTIONS_OF_A_SERVER;
  if (usedConnections + wanted > maxConnections) {
    findings.push(
      warn(
        `${usedConnections} of ${maxConnections} connections are taken, and a server opens ${CONNECTIONS_OF_A_SERVER}`,
        'Raise max_connections, or close others',
      ),
    );
  }
  return findings;
}
