// The first guard of every answer: a credential that nobody here has stored yet, such as a key that the call has just made. A
// service's protection says whether it is told, masked or kept back.
import { ShapeScan } from '../../core/credential-shapes/shape-scan.ts';
import type { ShapeTable } from '../../core/credential-shapes/shape-table.ts';
import { BorderScan, type Look, type Looked } from '../../core/inspection/border-scan.ts';
import type { Inspector, Message, MessageGuard } from '../../core/inspection/stage.ts';
import { isLong, scannedInSteps, type Steps } from '../../core/inspection/steps.ts';
import { Problem } from '../../core/problem.ts';
import type { BrokerDeps } from '../deps.ts';
import { tellGuardAlarm } from './guard-alarm.ts';
import type { Inspected } from './inspected.ts';

/** No shape is shorter. */
const SHORTEST = 20;
/** The beginning of a key is public and never waits. */
const BEGINNING_BYTES = 64;
/** Where a finding would only be told, what is no text is not looked through. */
const NO_TEXT = /^(?:image|audio|video|font)\//;

export function inspectMinting(deps: BrokerDeps, inspected: Inspected): Inspector | undefined {
  const { allowed, call, findings } = inspected;
  const { caller, service } = allowed;
  const { minting: action } = service.protection.leaks;
  if (action === 'off') return undefined;
  let isAlarmed = false;
  const onFound = (rule: string): void => {
    findings.add({ direction: 'answer', guard: 'minting', rule, action });
    if (action !== 'flag' && !isAlarmed) {
      isAlarmed = true;
      const done = action === 'block' ? 'call-blocked' : 'told';
      tellGuardAlarm(deps, { call, caller, service }, { alarm: 'credential-minted', done });
    }
    if (action === 'block') throw new Problem('credential-in-answer');
  };
  const scan = () => new ShapeScan(deps.credentialShapes(), { isMasked: action !== 'flag', onFound });
  return {
    text: (_where, text) => {
      if (text.length < SHORTEST || !deps.credentialShapes().mayBegin(text)) return text;
      const looked = scan();
      const sent = looked.push(Buffer.from(text, 'latin1')).toString('latin1');
      return sent + looked.end().toString('latin1');
    },
    body: ({ contentType }) => {
      if (action === 'flag' && NO_TEXT.test(contentType)) return undefined;
      const looked = scan();
      return {
        changesLength: false,
        mayCut: action === 'block',
        push: (chunk) => looked.push(chunk),
        end: () => looked.end(),
      };
    },
    messages: () => mintedInMessages(deps.credentialShapes(), onFound, action === 'flag'),
  };
}

/** Over the borders of messages that are text: they pass whole, and a key that one begins may go on in the next. */
function mintedInMessages(
  shapes: ShapeTable,
  onFound: (rule: string) => void,
  isToldOnly: boolean,
): MessageGuard {
  const look: Look<string> = (text, onId) => {
    const scan = new ShapeScan(shapes, { isMasked: true, onFound: onId });
    const passed = scan.push(text);
    const last = scan.end();
    const masked = last.length === 0 ? passed : Buffer.concat([passed, last]);
    return { bytes: isToldOnly ? text : masked, undecided: text.length - passed.length };
  };
  function* lookInSteps(text: Buffer): Steps<Looked> {
    const scan = new ShapeScan(shapes, { isMasked: true, onFound });
    const looked = yield* scannedInSteps(scan, text);
    return isToldOnly ? { bytes: text, undecided: looked.undecided } : looked;
  }
  const texts = new BorderScan({ look, onFound, kindOf: (id) => id, openBytes: BEGINNING_BYTES });
  function* inSteps({ bytes, isText }: Message): Steps<Buffer> {
    const looked = yield* lookInSteps(bytes);
    return isText ? texts.pass(bytes, looked) : looked.bytes;
  }
  return (message) => {
    const { bytes, isText } = message;
    if (isLong(bytes)) return inSteps(message);
    return isText ? texts.pass(bytes) : look(bytes, onFound).bytes;
  };
}
