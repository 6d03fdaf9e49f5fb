// The checks, in the order they are shown: one line each.
import { auditPartitions } from './audit-partitions.ts';
import { coreDumps } from './core-dumps.ts';
import type { Check } from './check.ts';
import { dataDirectory } from './data-directory.ts';
import { database } from './database.ts';
import { databaseClock } from './database-clock.ts';
import { databaseRole } from './database-role.ts';
import { databaseSchema } from './database-schema.ts';
import { databaseTls } from './database-tls.ts';
import { disk } from './disk.ts';
import { egressRanges } from './egress-ranges.ts';
import { egressCertificates } from './egress-certificates.ts';
import { environmentNames } from './environment-names.ts';
import { guessableValues } from './guessable-values.ts';
import { listening } from './listening.ts';
import { nodeOptions } from './node-options.ts';
import { nodeVersion } from './node-version.ts';
import { privateFiles } from './private-files.ts';
import { rootKey } from './root-key.ts';
import { sandbox } from './sandbox.ts';
import { secretSettings } from './secret-settings.ts';
import { servable } from './servable.ts';
import { server } from './server.ts';
import { serviceGuards } from './service-guards.ts';
import { serverSettings } from './server-settings.ts';
import { settings } from './settings.ts';
import { upstreams } from './upstreams.ts';

export const CHECKS: readonly Check[] = [
  settings,
  environmentNames,
  secretSettings,
  nodeVersion,
  nodeOptions,
  coreDumps,
  dataDirectory,
  privateFiles,
  disk,
  servable,
  server,
  serverSettings,
  listening,
  rootKey,
  database,
  databaseRole,
  databaseTls,
  databaseSchema,
  auditPartitions,
  databaseClock,
  egressRanges,
  egressCertificates,
  serviceGuards,
  guessableValues,
  upstreams,
  sandbox,
];
