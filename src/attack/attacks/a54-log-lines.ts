// A54: text that would write lines, colours or formulas of its own into a log.
import type { Attack } from '../attack.ts';

export const a54: Attack = {
  id: 'A54',
  who: ['any'],
  title: 'Put line breaks, terminal codes, separators and formulas into everything that is logged',
  mustHold: 'what is exported holds none of them raw',
  needs: ['command-line'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({}, (_request, socket) => {
      socket.write(Buffer.from('HTTP/1.1 200 \u001b[31mred\r\ncontent-length: 2\r\n\r\nok', 'latin1'));
    });
    const texts = [
      '/a%1b%5b31mred',
      '/ok?%1b%5b31m=1',
      '/ok?=HYPERLINK(%22x%22)',
      '/%3dcmd%7c%27%20/C%20calc%27!A0',
      '/a%7Cb%3Dc',
      '/a%0aCEF:0|x',
      '/%E2%80%AEtxt',
      '/ok?a%0d%0aevil=1',
      '/-1+1',
      '/%40SUM(1)',
    ];
    for (const path of texts) {
      await scene.call(standing, path, { headers: ['user-agent: =cmd|x', 'x-request-id: a\tb'] });
      await scene.call(standing, path, { headers: ['user-agent: \u001b[31mred'] });
    }
    await scene.logged(
      'the calls are on record',
      mark,
      ({ kind, service }) => kind === 'refused' && service === standing.service,
    );
    for (const words of [
      ['audit', 'list', '--plain'],
      ['audit', 'list', '--json'],
      ['log', '--plain'],
      ['log', '--json'],
    ]) {
      const { stdout, stderr } = await scene.commandLine.run(words);
      const raw = firstControl(stdout + stderr);
      scene.claim('caller', `${words.join(' ')} prints no control character`, raw === undefined, raw);
      const cells = stdout.split(/[\t\n]/).filter((cell) => /^[=+@]./.test(cell));
      scene.claim(
        'caller',
        'and no cell that begins like a formula',
        words[2] !== '--plain' || cells.length === 0,
        cells.join(' '),
      );
    }
    const entries = await scene.target.logSince(mark);
    const lines = entries.map(({ text }) => text);
    scene.claim(
      'log',
      'each event is one line of JSON',
      lines.every((line) => firstControl(line) === undefined && !line.includes('\n')),
    );
    const said = scene.processes
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    const broken = said.filter((line) => !isJson(line));
    scene.claim('beside', 'each line of the servers’ own log is JSON', broken.length === 0, broken[0]);
    const targets = upstream.seen.map(({ target }) => target);
    scene.claim(
      'upstream',
      'it saw no raw control character',
      targets.every((target) => /^[\x21-\x7e]+$/.test(target)),
      targets,
    );
  },
};

const DELETE = 0x7f;
const END_OF_C1 = 0x9f;

/** But for tabs and line breaks, which separate cells and lines; those that turn the direction of text count, too. */
function firstControl(text: string): string | undefined {
  return Array.from(text).find((character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\t' || character === '\n') return false;
    return (
      code < 0x20 || (code >= DELETE && code <= END_OF_C1) || /[\u202a-\u202e\u2066-\u2069]/.test(character)
    );
  });
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
