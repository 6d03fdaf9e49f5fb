// A57, A58 and A60: a replica that stood still while rights changed, keys on command lines, and servers killed in the middle.
import { readdirSync, readFileSync } from 'node:fs';
import type { Attack } from '../attack.ts';
import { Hammer } from '../hammer.ts';
import { answerText } from '../http-text.ts';
import { newValue, pause, type Scene } from '../scene.ts';
import type { Standing } from '../target.ts';

const CALLERS = 8;
const STILL_MS = 3500;

export const a57: Attack = {
  id: 'A57',
  who: ['CR'],
  title: 'Stop a replica for longer than its lease, take the rights away at another one, and let it go on',
  mustHold: 'it has lost its lease and sends nothing',
  needs: ['replicas', 'processes'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const [stopped] = [scene.target.addresses.length - 1];
    await scene.callFine(standing, upstream);
    scene.claim(
      'caller',
      'the other replica answers, too',
      (await scene.call(standing, '/ok', { replica: stopped })).status === 200,
    );
    scene.processes.pause(stopped);
    scene.undo(() => Promise.resolve(scene.processes.resume(stopped)));
    // They wait in the kernel until it goes on.
    const waiting = Array.from({ length: CALLERS }, (_, at) =>
      scene.call(standing, `/late-${at}`, { replica: stopped }),
    );
    await pause(STILL_MS);
    const startMs = performance.now();
    await scene.target.freeze(standing.agent);
    scene.claim('beside', 'the command does not wait for it for ever', performance.now() - startMs < 20_000);
    const before = upstream.started;
    scene.processes.resume(stopped);
    const answers = await Promise.all(waiting);
    const isRefused = answers.every(({ status }) => status === 403 || status === 503);
    scene.claim(
      'caller',
      'every call that waited is refused',
      isRefused,
      answers.map(({ status }) => status),
    );
    scene.equal('upstream', 'nothing is sent when it goes on', upstream.started - before, 0);
    await scene.target.unfreeze(standing.agent);
    const again = await scene.until(async () =>
      (await scene.call(standing, '/ok', { replica: stopped })).status === 200 ? true : undefined,
    );
    scene.claim('caller', 'it answers again later', again === true);
    await scene.logged(
      'the refusals are on record',
      mark,
      ({ kind, text }) => kind === 'refused' && text.includes('/late-'),
    );
  },
};

/** Command lines and environments of every process that may be looked at. */
function processTexts(): readonly Buffer[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) =>
      ['cmdline', 'environ'].flatMap((file) => {
        try {
          return [readFileSync(`/proc/${pid}/${file}`)];
        } catch {
          return []; // gone, or not ours to read
        }
      }),
    );
}

export const a58: Attack = {
  id: 'A58',
  who: ['any'],
  title:
    'Look for a key on command lines, in environments and in messages while it is stored, and after a crash',
  mustHold: 'keys come by stdin, terminal or file alone, and are found nowhere',
  needs: ['command-line', 'processes'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const value = newValue();
    const name = `${standing.secret}-typed`;
    scene.undo(() => scene.target.admin({ method: 'DELETE', path: `/v1/secrets/${name}` }));
    for (const words of [
      ['secret', 'add', name, value],
      ['secret', 'add', name, '--value', value],
      ['secret', 'rotate', name, value],
      ['add', 'openai', '--key', value],
    ]) {
      const { code, stdout, stderr } = await scene.commandLine.run(words);
      scene.equal('caller', 'a key on the command line is refused', code, 2);
      scene.noValue('caller', 'and not repeated', stdout + stderr, value);
    }
    let isOver = false;
    const adding = scene.commandLine.run(['secret', 'add', name], { input: `${value}\n` }).finally(() => {
      isOver = true;
    });
    let looks = 0;
    while (!isOver) {
      const found = processTexts().filter((text) => text.includes(value));
      scene.claim('beside', 'no process shows it while it is stored', found.length === 0);
      looks += 1;
      await pause(20);
    }
    const { code, stdout, stderr } = await adding;
    scene.claim('beside', 'they were looked at meanwhile', looks > 2, looks);
    scene.equal('caller', 'by stdin it is stored', code, 0);
    scene.noValue('caller', 'without a word of it', stdout + stderr, value);
    const body = { baseUrl: upstream.url, auth: { kind: 'bearer' }, name, secret: name };
    await scene.target.admin({ method: 'POST', path: '/v1/services', body });
    scene.undo(() => scene.target.admin({ method: 'DELETE', path: `/v1/services/${name}` }));
    await scene.target.admin({
      method: 'POST',
      path: '/v1/grants',
      body: { agent: standing.agent, service: name },
    });
    const answer = await scene.call({ ...standing, path: `/call/${name}` }, '/ok');
    scene.equal('caller', 'and works', answer.status, 200);
    scene.claim('upstream', 'it arrived there', upstream.heard().includes(value));
    const found = processTexts().filter((text) => text.includes(value));
    scene.equal('beside', 'no process shows it afterwards', found.length, 0);
    scene.noValue('beside', 'nor does the servers’ own log', scene.processes.output(), value);
    await scene.logged(
      'its making is on record',
      mark,
      ({ reason, text }) => reason === 'secret.create' && text.includes(name),
    );
    const entries = await scene.target.logSince(mark);
    scene.noValue('log', 'without its value', entries.map(({ text }) => text).join('\n'), value);
  },
};

/** Kills a replica in the middle of something, starts it again, and gives what had been acknowledged before. */
async function killAfter<T>(scene: Scene, replica: number, afterMs: number, work: Promise<T>): Promise<T> {
  await pause(afterMs);
  await scene.processes.kill(replica);
  const result = await work;
  await scene.processes.start(replica);
  return result;
}

const KILLS = [5, 40, 150];

export const a60: Attack = {
  id: 'A60',
  who: ['any'],
  title: 'Kill a server again and again, in the middle of calls, of rotations and of changes',
  mustHold:
    'what was acknowledged is there, every intent gets its end, one version is current, the log is whole',
  needs: ['processes', 'rotation'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({}, async (_request, socket) => {
      await pause(5);
      socket.write(answerText(200, [], 'fine'));
    });
    const replica = scene.target.addresses.length - 1;
    const made: string[] = [];
    /** A rotation that was cut off may be gone on with later, by whoever lives. */
    const values = [standing.value];
    for (const [turn, afterMs] of KILLS.entries()) {
      const hammer = new Hammer({
        url: scene.address(replica),
        path: `${standing.path}/x`,
        token: standing.token,
        callers: 4,
      });
      const next = newValue();
      const work = Promise.all([
        makeAgents(scene, `${standing.agent}-${turn}`, replica),
        rotate(scene, standing, next, replica),
      ]);
      const [agents, isRotated] = await killAfter(scene, replica, afterMs, work);
      await hammer.stop();
      made.push(...agents);
      scene.undo(async () => {
        for (const name of agents) await scene.target.admin({ method: 'DELETE', path: `/v1/agents/${name}` });
      });
      upstream.forget();
      const answer = await scene.call(standing, '/ok', { replica });
      scene.equal('caller', 'after each kill calls go through', answer.status, 200);
      const heard = upstream.heard();
      values.push(next);
      const sent = values.filter((one) => heard.includes(one));
      scene.equal('upstream', 'with one value of those that it was given', sent.length, 1);
      if (isRotated)
        scene.equal('upstream', 'the new one where its rotation was acknowledged', sent[0], next);
    }
    for (const name of made) {
      const { status } = await scene.target.admin({ method: 'GET', path: `/v1/agents/${name}` });
      scene.equal('caller', 'everything acknowledged is there', status, 200);
    }
    const versions = await scene.target.admin({
      method: 'GET',
      path: `/v1/secrets/${standing.secret}/versions`,
    });
    const items = versions.body['items'];
    const current = Array.isArray(items)
      ? items.filter((item) => JSON.stringify(item).includes('"current"'))
      : [];
    scene.equal('caller', 'one version is current', current.length, 1);
    scene.later(() => expectEnds(scene, standing, mark));
  },
};

/** Names whose making was acknowledged before the server died. */
async function makeAgents(scene: Scene, prefix: string, replica: number): Promise<readonly string[]> {
  const made: string[] = [];
  for (let at = 0; at < 40; at += 1) {
    const name = `${prefix}-${at}`;
    const { status } = await scene.target.admin({
      method: 'POST',
      path: '/v1/agents',
      body: { name },
      replica,
    });
    if (status !== 201) return made;
    made.push(name);
  }
  return made;
}

async function rotate(scene: Scene, { secret }: Standing, value: string, replica: number): Promise<boolean> {
  const path = `/v1/secrets/${secret}/rotate`;
  const { status } = await scene.target.admin({
    method: 'POST',
    path,
    body: { value, graceSeconds: 0 },
    replica,
  });
  return status >= 200 && status < 300;
}

const REAPED_WITHIN_MS = 120_000;

async function expectEnds(scene: Scene, standing: Standing, mark: string): Promise<void> {
  let open: readonly string[] = [];
  await scene.until(
    async () => {
      const entries = await scene.target.logSince(mark);
      const ended = new Set(entries.map(({ of }) => of));
      const sent = entries.filter(({ kind, service }) => kind === 'sent' && service === standing.service);
      open = sent.filter(({ id }) => !ended.has(id)).map(({ text }) => text);
      return open.length === 0 ? true : undefined;
    },
    REAPED_WITHIN_MS,
    500,
  );
  scene.claim('log', 'every intent gets its end', open.length === 0, open.join(' '));
  const { isWhole, trouble } = await scene.target.verifyLog();
  scene.claim('log', 'the log is whole', isWhole, trouble);
}
