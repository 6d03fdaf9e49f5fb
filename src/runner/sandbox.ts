// The port of sandboxes: what starts a command so that named places and other processes are out of its reach.

export interface HiddenPlaces {
  /** Real paths; each shows empty. */
  readonly directories: readonly string[];
  /** Real paths of files whose directory must stay visible; each can not be opened. */
  readonly files: readonly string[];
}

/** A process to start in place of the command, with what it reads and writes on further descriptors. */
export interface Launch {
  readonly file: string;
  readonly arguments: readonly string[];
  /** Bytes it reads from descriptor 4. */
  readonly input?: Buffer;
  /** True when it writes the process id of the command's parent to descriptor 3, as JSON (`child-pid`). */
  readonly reportsChild: boolean;
}

export interface SandboxRequest {
  readonly command: readonly [string, ...string[]];
  readonly hidden: HiddenPlaces;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

type SandboxAnswer =
  | { readonly isUsable: true; readonly launch: Launch }
  | { readonly isUsable: false; readonly reason: string };

export interface Sandbox {
  readonly name: string;
  /** False: the command can reach whatever its user can. */
  readonly hides: boolean;
  /** Tries the sandbox with exactly these places; starts nothing that lasts. */
  prepare(request: SandboxRequest): SandboxAnswer;
}
