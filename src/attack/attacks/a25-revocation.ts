// A25 and A26: rights are taken away by one replica while the other is hammered with calls. What the kernel had when the
// command was answered is counted as begun before; nothing may begin after it.
import type { Attack } from '../attack.ts';
import { answerText } from '../http-text.ts';
import { type HostileUpstream, fine } from '../hostile-upstream.ts';
import { pause, type Scene } from '../scene.ts';
import type { Standing } from '../target.ts';
import { Hammer } from '../hammer.ts';

const LOOPS = 1000;
/** A slow machine does fewer: a row must not take all the time there is. */
const LIMIT_MS = 20_000;
/** However slow it is. */
const FEWEST = 30;
const CALLERS = 8;
/** Everything that was written before an answer is read within so many turns of the event loop after it. */
const TURNS = 8;
const BEGUN_LIMIT_MS = 45_000;

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Tally {
  loops: number;
  late: number;
  begun: number;
}

async function freezeAgainAndAgain(
  scene: Scene,
  { standing, upstream }: { readonly standing: Standing; readonly upstream: HostileUpstream },
  { loops, before }: { readonly loops: number; readonly before?: () => Promise<unknown> },
): Promise<Tally> {
  const replica = scene.target.addresses.length - 1;
  const hammer = new Hammer({
    url: scene.address(replica),
    path: `${standing.path}/x`,
    token: standing.token,
    callers: CALLERS,
  });
  scene.undo(() => hammer.stop());
  const tally: Tally = { loops: 0, late: 0, begun: 0 };
  const endMs = performance.now() + LIMIT_MS;
  for (let loop = 0; loop < loops && (loop < FEWEST || performance.now() < endMs); loop += 1) {
    const from = upstream.started;
    hammer.release();
    const wanted = from + 1 + (loop % (CALLERS / 2));
    const look = () => {
      hammer.release(); // a replica that stood still refuses for a moment, whatever the rights are
      return upstream.started >= wanted ? true : undefined;
    };
    const isBegun = await scene.until(look, BEGUN_LIMIT_MS, 0);
    if (isBegun === undefined) throw new Error(`no call began in loop ${loop}`);
    await before?.();
    await scene.target.freeze(standing.agent);
    await turns();
    const begun = upstream.started;
    await hammer.allRefused();
    tally.late += upstream.started - begun;
    tally.begun += begun - from;
    tally.loops += 1;
    await scene.target.unfreeze(standing.agent);
  }
  await hammer.stop();
  scene.claim(
    'caller',
    'every call was answered, or refused',
    [...hammer.statuses.keys()].every((status) => [200, 403, 503].includes(status)),
    [...hammer.statuses],
  );
  return tally;
}

/** Every intent has its end, and the log is whole. */
async function expectWholeLog(scene: Scene, standing: Standing, mark: string): Promise<void> {
  const unended = await scene.until(async () => {
    const entries = await scene.target.logSince(mark);
    const own = entries.filter(({ kind, service }) => kind === 'sent' && service === standing.service);
    const ended = new Set(entries.filter(({ kind }) => kind === 'ended').map(({ of }) => of));
    const open = own.filter(({ id }) => !ended.has(id));
    return open.length === 0 ? own.length : undefined;
  });
  scene.claim('log', 'every intent has its end', unended !== undefined && unended > 0, unended);
  const { isWhole, trouble } = await scene.target.verifyLog();
  scene.claim('log', 'the log is whole', isWhole, trouble);
}

async function race(scene: Scene, loops: number, before?: () => Promise<unknown>): Promise<void> {
  const { upstream, standing, mark } = await scene.stand();
  let count = 0;
  // Some answers come at once, on connections kept or closed, and some wait for longer than a freeze takes.
  upstream.respond = async (request, socket) => {
    count += 1;
    if (count % 3 === 0) await pause(40);
    if (count % 5 !== 0) return fine(request, socket);
    socket.end(answerText(200, ['connection: close'], 'fine'));
  };
  const tally = await freezeAgainAndAgain(
    scene,
    { standing, upstream },
    { loops, ...(before === undefined ? {} : { before }) },
  );
  scene.equal('upstream', `no request began after the answer, in ${tally.loops} freezes`, tally.late, 0);
  scene.claim('upstream', `while ${tally.begun} others had begun`, tally.begun >= tally.loops, tally.begun);
  await expectWholeLog(scene, standing, mark);
}

export const a25: Attack = {
  id: 'A25',
  who: ['any'],
  title: `Hammer one replica while the other takes the rights away, up to ${LOOPS} times`,
  mustHold: 'no request begins upstream after the answer; every intent has its end',
  needs: ['replicas'],
  run: async (scene) => race(scene, LOOPS),
};

export const a26: Attack = {
  id: 'A26',
  who: ['any'],
  title: 'The same while the connections that carry notifications are cut',
  mustHold: 'still none',
  needs: ['replicas', 'database'],
  run: async (scene) => {
    let cut = 0;
    await race(scene, 60, async () => {
      const rows = await scene.database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and pid <> pg_backend_pid()",
      );
      cut += rows.length;
    });
    scene.claim('beside', 'connections that listen were cut', cut >= FEWEST / 2, cut);
  },
};
