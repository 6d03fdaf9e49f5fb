// What is attacked, seen from outside: everything that the rows need of a broker. Another broker is put in Doorward's place
// by writing this interface once more; rows that need what it can not do are left out of its report.

export type Capability =
  | 'replicas' // two or more servers, one installation
  | 'database' // somebody who can write to the database past every right
  | 'processes' // its servers can be stopped, killed and started
  | 'command-line' // a command as an owner's shell runs it
  | 'sandbox' // agents' processes can be started out of reach of the keys
  | 'checkout' // the source tree with its lock is there
  | 'openssl' // certificates can be made
  | 'admin-api' // administrative requests over HTTP, as Doorward takes them
  | 'signed-tokens' // agents hold signed tokens (JWT)
  | 'placeholders'
  | 'guards' // rules of a service that no grant beats
  | 'access-requests'
  | 'approvals' // calls that a person is asked about
  | 'rotation'
  | 'body-rules'
  | 'decoys'
  | 'fingerprints' // stored secrets are looked for in requests
  | 'minting-guard' // new credentials are looked for in answers
  | 'names' // what names resolve to can be told
  | 'certificates'; // own certificate authorities per service;

/** What is set up for one attack: a secret, a service that it is sent to, an agent and its grant. */
export interface Wanted {
  /** Where the service is. */
  readonly upstream: string;
  readonly value?: string;
  /** Of a value with fields, and what kind of secret it is then. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly kind?: string;
  /** Where the value goes; a bearer token unless told. */
  readonly auth?: object;
  /** Patterns such as `GET /v1/**`; all unless told. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** Settings of the guards. */
  readonly protection?: object;
  readonly constraints?: object;
}

export interface Standing {
  readonly secret: string;
  readonly service: string;
  readonly agent: string;
  /** The long-lived credential of the agent. */
  readonly agentKey: string;
  readonly value: string;
  /** What the agent shows at a call. */
  readonly token: string;
  /** Where calls to the service begin, such as `/call/NAME`. */
  readonly path: string;
}

/** An event of the log in words that every broker has. */
export interface LogEntry {
  readonly id: string;
  /** Of an end: the `sent` entry it belongs to. */
  readonly of: string | undefined;
  /** `sent`: on record before anything left; `ended`: its end; `refused`: nothing left; `alarm`; anything else: `other`. */
  readonly kind: 'sent' | 'ended' | 'refused' | 'alarm' | 'other';
  readonly service: string | undefined;
  readonly agent: string | undefined;
  /** Why it was refused or failed, or the name of the event where it is `alarm` or `other`. */
  readonly reason: string | undefined;
  /** The event as it stands in the log. */
  readonly text: string;
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: object | string;
  /** Another bearer token than the owner's; null: none. */
  readonly token?: string | null;
  readonly replica?: number;
}

export interface Processes {
  /** SIGSTOP and SIGCONT. */
  pause(replica: number): void;
  resume(replica: number): void;
  /** SIGKILL; it is gone when this returns. */
  kill(replica: number): Promise<void>;
  start(replica: number): Promise<void>;
  /** What the servers have written to their own log. */
  output(): string;
  /** Directories that hold the keys, data and sockets of the installation that the owner's commands use. */
  readonly privatePlaces: readonly string[];
  /** Those of every replica. */
  readonly directories: readonly string[];
  readonly pids: () => readonly number[];
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLine {
  /** One command of the broker, as the owner; `input` goes to stdin, which ends there. */
  run(words: readonly string[], options?: { readonly input?: string }): Promise<Ended>;
}

export interface DatabaseAccess {
  /** As a superuser, past every right and trigger. */
  readonly sql: (
    statement: string,
    parameters?: readonly (string | number | Buffer | null)[],
  ) => Promise<readonly Row[]>;
  /** Where the server keeps its files. */
  readonly directory: string;
}
export type Row = Readonly<Record<string, unknown>>;

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Of servers at 127.0.0.1; the target believes the authority of all but `selfSigned`. */
export interface ServerCertificates {
  readonly right: Certificate;
  readonly wrongName: Certificate;
  readonly expired: Certificate;
  readonly selfSigned: Certificate;
}

/** What the replicas find when they look up a name. */
export interface Names {
  /** Of each look-up in its turn, by each replica; the last answer also for all that follow. */
  tell(name: string, answers: readonly (readonly string[])[]): void;
  /** Names of these that were looked up, in order. */
  asked(): readonly string[];
}

export interface Target {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** Addresses of its replicas, such as `http://127.0.0.1:7420`. */
  readonly addresses: readonly string[];
  setUp(wanted: Wanted): Promise<Standing>;
  /** A token for an agent by its long-lived credential, with a narrower scope where one is given. */
  token(agent: string, agentKey: string, scope?: string): Promise<string>;
  freeze(agent: string): Promise<void>;
  unfreeze(agent: string): Promise<void>;
  isFrozen(agent: string): Promise<boolean>;
  /** Makes another value current; the one before stays usable for a while. */
  rotate(secret: string, value: string): Promise<void>;
  /** Takes a grant back. */
  removeGrant(agent: string, service: string): Promise<void>;
  /** Where the log stands now. */
  mark(): Promise<string>;
  /** What came after a mark, oldest first. */
  logSince(mark: string): Promise<readonly LogEntry[]>;
  /** Whether the log is whole, and what is wrong with it. */
  verifyLog(): Promise<{ readonly isWhole: boolean; readonly trouble: string }>;
  admin(request: AdminRequest): Promise<AdminAnswer>;
  readonly processes?: Processes;
  readonly database?: DatabaseAccess;
  readonly commandLine?: CommandLine;
  readonly certificates?: ServerCertificates;
  readonly names?: Names;
  /** Removes what was set up. */
  close(): Promise<void>;
}
