// One guard at work on one body, piece by piece, between the leak scan and whoever the bytes are for.
import type { HeaderPairs } from '../headers.ts';
import type { Direction } from './finding.ts';
import type { Steps } from './steps.ts';

export interface Stage {
  /** Whether what comes out may be longer or shorter than what went in. */
  readonly changesLength: boolean;
  /** Whether it may cut the body: then an answer's head waits for the first of it, so that a problem can take its place. */
  readonly mayCut?: boolean;
  /** What may go on of all that was pushed; what is undecided is held back. Throws the problem that cuts the body. */
  push(chunk: Buffer): Buffer;
  /** What is left at the end. Throws as `push`. */
  end(): Buffer;
}

/** A stage that can take a long body at once. */
export interface SteppedStage extends Stage {
  /** What one push and the end give, in steps. */
  whole(body: Buffer): Steps<Buffer>;
}

/** The body that a stage is made for. */
export interface BodyContext {
  readonly direction: Direction;
  readonly headers: HeaderPairs;
  /** Lower case, without parameters; empty where none is told. */
  readonly contentType: string;
  /** Of an answer. */
  readonly status: number | undefined;
}

/** One message of a WebSocket, whole; also the reason of a close. */
export interface Message {
  readonly bytes: Buffer;
  readonly isText: boolean;
  /** Why a side closes: text, and no message of its own. */
  readonly isReason: boolean;
}

/** One guard at work on the messages of one direction, one after another. Gives what may go on, of a long message in steps; throws to end them. */
export type MessageGuard = (message: Message) => Buffer | Steps<Buffer>;

/** What one guard does with one direction of one call. */
export interface Inspector {
  /** Of a text that is no body: a header's value, a parameter's, the path. Gives what may stand in its place; throws to block. */
  text?(where: string, text: string): string;
  /** Undefined: it has nothing to look for in such a body. */
  body?(context: BodyContext): Stage | undefined;
  /** Of a WebSocket. Undefined: it has nothing to look for in messages. */
  messages?(): MessageGuard | undefined;
}

/** The media type of headers: lower case, without parameters. */
export function mediaTypeOf(headers: HeaderPairs): string {
  const value = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return (value.split(';', 1)[0] ?? '').trim().toLowerCase();
}
