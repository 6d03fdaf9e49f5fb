// Every row of the suite, in its order, and the rows of the list that no capability is there for.
import type { Attack } from './attack.ts';
import { a01 } from './attacks/a01-every-endpoint.ts';
import { a02 } from './attacks/a02-paths.ts';
import { a03 } from './attacks/a03-hosts.ts';
import { a04, a05 } from './attacks/a04-header-tricks.ts';
import { a06 } from './attacks/a06-line-breaks.ts';
import { a07 } from './attacks/a07-literal-bytes.ts';
import { a08, a09, a10, a11 } from './attacks/a08-bodies.ts';
import { a12 } from './attacks/a12-scopes.ts';
import { a14, a15 } from './attacks/a14-approvals.ts';
import { a18, a19, a20 } from './attacks/a18-forged-tokens.ts';
import { a25, a26 } from './attacks/a25-revocation.ts';
import { a28, a29, a30, a31 } from './attacks/a28-echoes.ts';
import { a32 } from './attacks/a32-redirects.ts';
import { a33, a34 } from './attacks/a33-floods.ts';
import { a35, a36 } from './attacks/a35-addresses.ts';
import { a37, a38, a39 } from './attacks/a37-database.ts';
import { a41, a43 } from './attacks/a41-audit.ts';
import { a45, a47 } from './attacks/a45-administrators.ts';
import { a48 } from './attacks/a48-network.ts';
import { a49 } from './attacks/a49-heavy-requests.ts';
import { a50, a52, a55 } from './attacks/a50-strangers.ts';
import { a51 } from './attacks/a51-wrong-fields.ts';
import { a53 } from './attacks/a53-timing.ts';
import { a54 } from './attacks/a54-log-lines.ts';
import { a57, a58, a60 } from './attacks/a57-processes.ts';
import { a59 } from './attacks/a59-supply-chain.ts';
import { a61 } from './attacks/a61-inside-a-run.ts';
import type { LeftOut } from './runner.ts';

/** In the order they run: what fills the log or ends servers comes last. */
export const ATTACKS: readonly Attack[] = [
  a01,
  a02,
  a03,
  a04,
  a05,
  a06,
  a07,
  a08,
  a09,
  a10,
  a11,
  a12,
  a14,
  a15,
  a18,
  a19,
  a20,
  a28,
  a29,
  a30,
  a31,
  a32,
  a33,
  a34,
  a35,
  a36,
  a37,
  a38,
  a39,
  a41,
  a43,
  a45,
  a47,
  a48,
  a49,
  a50,
  a51,
  a52,
  a53,
  a54,
  a55,
  a57,
  a58,
  a59,
  a61,
  a26,
  a25,
  a60,
];

/** Rows of the list whose capability there is not yet. */
export const NOT_BUILT: readonly LeftOut[] = [
  { id: 'A13', title: 'Delegate more than one has', why: 'there is no delegation' },
  { id: 'A16', title: 'Call beyond a limit or a budget', why: 'there are no limits' },
  { id: 'A17', title: 'Replay a proof of possession', why: 'there is no DPoP' },
  { id: 'A21', title: 'Exchange a stolen subject token', why: 'there is no token exchange' },
  { id: 'A22', title: 'Misdirect or replay a client assertion', why: 'there are no client assertions' },
  { id: 'A23', title: 'Use an enrolment token twice', why: 'there are no enrolment tokens' },
  { id: 'A24', title: 'Come as another federated workload', why: 'there is no federation' },
  { id: 'A27', title: 'Go on streaming when the parent is revoked', why: 'there is no delegation' },
  {
    id: 'A40',
    title: 'Restore one row to an older valid version',
    why: 'nothing remembers versions of rows outside the database',
  },
  { id: 'A42', title: 'Roll the whole database back', why: 'there is no witness' },
  { id: 'A44', title: 'Sign a forked checkpoint', why: 'there is no witness' },
  { id: 'A46', title: 'Rotate to a key of another account', why: 'a probe does not ask whose key it is' },
  { id: 'A56', title: 'Mint a token in a replica that only brokers', why: 'replicas have no roles' },
];
