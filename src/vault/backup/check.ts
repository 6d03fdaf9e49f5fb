// What can be said of a backup's rows without a database: that records are records, that keys and values open, that rows
// carry their MACs and that the audit chains are whole. Values are opened and wiped, never looked at.
import type { Id } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import { EnvelopeError, readKeyRef } from '../../crypto/envelope.ts';
import type { ServiceRow } from '../../store/authority-rows.ts';
import { parseObject, rowOfLine } from '../../store/copied-row.ts';
import { SCHEMA as tables } from '../../store/schema.ts';
import { bindingHash } from '../binding.ts';
import type { Keyring } from '../keyring.ts';
import {
  agentMacColumns,
  approvalMacColumns,
  grantMacColumns,
  placeholderMacColumns,
  runMacColumns,
  serviceMacColumns,
} from '../mac-columns.ts';
import { type MacTable, rowMacMatches } from '../row-mac.ts';
import { openValue } from '../secret-values.ts';
import { AuditCheck, type ChainEnd } from './check-audit.ts';
import type { BackupRows } from './reader.ts';

export interface CheckReport {
  /** What is wrong, a sentence each; the first ones where there are many. */
  readonly findings: readonly string[];
  readonly unlisted: number;
  readonly valuesOpened: number;
  /** The newest event of each chain; without keys there is nothing to tell them by. */
  readonly chains: ReadonlyMap<string, ChainEnd>;
}

interface SecretContext {
  readonly credentialKind: string;
  readonly services: ServiceRow[];
}

const MAX_FINDINGS = 100;
const KEY_TABLES = new Set(['key_slot', 'system_key', 'kek']);

export class BackupCheck {
  readonly #installation: Id<'ins'>;
  /** Undefined: made without keys, so that only the form of records can be looked at. */
  readonly #keyring: Keyring | undefined;
  readonly #secrets = new Map<string, SecretContext>();
  readonly #findings: string[] = [];
  #audit: AuditCheck | undefined;
  #unlisted = 0;
  #valuesOpened = 0;

  /** The keys of the backup are loaded into the keyring as they come by. */
  constructor(installation: Id<'ins'>, keyring: Keyring | undefined) {
    this.#installation = installation;
    this.#keyring = keyring;
  }

  /** Rows of one table after the other, in the order of a backup. */
  async add({ table, lines }: BackupRows): Promise<void> {
    for (const line of lines) {
      try {
        await this.#addRow(table.name, line);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        this.#find(`a row of ${table.name} is not one: ${error.message}`);
      }
    }
  }

  end(): CheckReport {
    this.#audit?.end();
    return {
      findings: this.#findings,
      unlisted: this.#unlisted,
      valuesOpened: this.#valuesOpened,
      chains: this.#audit?.ends ?? new Map(),
    };
  }

  async #addRow(table: string, line: string): Promise<void> {
    if (table === 'audit_event') await this.#addEvent(line);
    else if (KEY_TABLES.has(table)) this.#addKey(table, line);
    else if (table === 'secret_version') this.#addVersion(rowOfLine(tables.secretVersion, line));
    else if (table === 'secret') {
      const { id, credentialKind } = rowOfLine(tables.secret, line);
      this.#secrets.set(id, { credentialKind, services: [] });
    } else if (table === 'service') {
      const row = rowOfLine(tables.service, line);
      if (row.removedAt === null) this.#secrets.get(row.secretId)?.services.push(row);
      this.#requireMac('service', row, serviceMacColumns(withLaterColumns(row)));
    } else this.#addOther(table, line);
  }

  #addOther(table: string, line: string): void {
    if (table === 'installation') {
      const { id } = rowOfLine(tables.installation, line);
      if (id !== this.#installation) this.#find('the installation is not that of the header');
    } else if (table === 'admin') {
      const row = rowOfLine(tables.admin, line);
      const { id, name, credentialHash, generation, revision } = row;
      this.#requireMac('admin', row, { id, name, credentialHash, generation, revision });
    } else if (table === 'agent') {
      const row = rowOfLine(tables.agent, line);
      this.#requireMac('agent', row, agentMacColumns(row));
    } else if (table === 'service_grant') {
      const row = withLaterGrantColumns(rowOfLine(tables.serviceGrant, line));
      this.#requireMac('service_grant', row, grantMacColumns(row));
    } else if (table === 'run') {
      const row = rowOfLine(tables.run, line);
      this.#requireMac('run', row, runMacColumns(row));
    } else if (table === 'placeholder') {
      const row = rowOfLine(tables.placeholder, line);
      this.#requireMac('placeholder', row, placeholderMacColumns(row));
    } else if (table === 'approval') {
      const row = rowOfLine(tables.approval, line);
      this.#requireMac('approval', row, approvalMacColumns(row));
    } else {
      parseObject(line);
    }
  }

  #addKey(table: string, line: string): void {
    if (table === 'key_slot') {
      const { id, record } = rowOfLine(tables.keySlot, line);
      this.#requireKeyRef(`slot ${id}`, record, id);
    } else if (table === 'system_key') {
      const row = rowOfLine(tables.systemKey, line);
      this.#open(`the system key for ${row.purpose}`, () => this.#keyring?.loadSystemKey(row));
      this.#requireKeyRef(`the system key ${row.id}`, row.record, this.#installation);
    } else {
      const row = rowOfLine(tables.kek, line);
      this.#open(`the KEK ${row.id}`, () => this.#keyring?.loadKek(row));
      this.#requireKeyRef(`the KEK ${row.id}`, row.record, this.#installation);
    }
  }

  #addVersion(row: typeof tables.secretVersion.$inferSelect): void {
    const { dekRecord, valueRecord, secretId, number, vaultId } = row;
    const secret = this.#secrets.get(secretId);
    const name = `version ${number} of ${secretId}`;
    if (secret === undefined) this.#find(`${name} belongs to no secret`);
    if (secret === undefined || dekRecord === null || valueRecord === null) return;
    this.#requireKeyRef(`the DEK of ${name}`, dekRecord, row.kekId);
    this.#requireKeyRef(`the value of ${name}`, valueRecord, row.dekId);
    const keyring = this.#keyring;
    if (keyring === undefined) return;
    this.#open(name, () => {
      const { credentialKind, services } = secret;
      const context = { vaultId, secretId, number, credentialKind, binding: bindingHash(services) };
      openValue(keyring, { ...row, dekRecord, valueRecord }, context).dispose();
      this.#valuesOpened += 1;
    });
  }

  async #addEvent(line: string): Promise<void> {
    const keyring = this.#keyring;
    if (keyring !== undefined && this.#audit === undefined) {
      this.#open('the key of the audit chains', () => {
        const macKey = keyring.systemKey('audit-mac').use((key) => Buffer.from(key));
        this.#audit = new AuditCheck(macKey, (sentence) => this.#find(sentence));
      });
    }
    if (this.#audit === undefined) parseObject(line);
    else await this.#audit.add(line);
  }

  /** A record must at least be one, and name the key that its row says it is under. */
  #requireKeyRef(what: string, record: Buffer, id: string): void {
    this.#open(`${what}: its record`, () => {
      if (readKeyRef(record).id !== id) throw new EnvelopeError();
    });
  }

  #requireMac(table: MacTable, row: { id: string; mac: Buffer }, columns: MacColumns): void {
    if (this.#keyring === undefined || rowMacMatches(this.#keyring, table, columns, row.mac)) return;
    this.#find(`${table} ${row.id} does not match its MAC`);
  }

  #open(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof EnvelopeError || error instanceof Problem)) throw error;
      this.#find(`${what} does not open`);
    }
  }

  #find(sentence: string): void {
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push(sentence);
    else this.#unlisted += 1;
  }
}

type MacColumns = Parameters<typeof rowMacMatches>[2];

/** A backup made before these columns has none of them; a restore gives them their defaults. */
function withLaterColumns(row: typeof tables.service.$inferSelect): typeof tables.service.$inferSelect {
  const later = {
    graceRetry: 'any',
    catalogueId: null,
    headers: {},
    deny: [],
    refusalShape: null,
    listen: null,
    protection: {},
  };
  const has = (name: string) => (row[name as keyof typeof row] ?? null) !== null;
  return { ...row, ...Object.fromEntries(Object.entries(later).filter(([name]) => !has(name))) };
}

function withLaterGrantColumns(
  row: typeof tables.serviceGrant.$inferSelect,
): typeof tables.serviceGrant.$inferSelect {
  const constraints: typeof row.constraints | null = row.constraints;
  return { ...row, constraints: constraints ?? {} };
}
