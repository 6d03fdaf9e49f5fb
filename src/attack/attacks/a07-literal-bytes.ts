// A07: placeholders and names of secrets in a body are bytes like any other.
import type { Attack } from '../attack.ts';
import { answerText } from '../http-text.ts';

export const a07: Attack = {
  id: 'A07',
  who: ['PI'],
  title: 'Write a placeholder or the name of a secret into the body, and read it back',
  mustHold: 'literal bytes are sent',
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({}, ({ body }, socket) => {
      socket.write(answerText(200, ['content-type: text/plain'], body));
    });
    const { secret, value } = standing;
    const texts = [
      `{{${secret}}}`,
      `{{ secrets.${secret} }}`,
      `\${${secret}}`,
      '{value}',
      `$${secret}`,
      `%(${secret})s`,
      `<%= ${secret} %>`,
    ];
    const body = JSON.stringify({ texts });
    const answer = await scene.call(standing, '/echo', {
      method: 'POST',
      body,
      headers: ['content-type: application/json'],
    });
    scene.equal('caller', 'the same bytes come back', answer.body.toString(), body);
    scene.noValue('caller', 'and no value', answer.bytes, value);
    const [request] = upstream.seen;
    scene.equal('upstream', 'the body arrived byte for byte', request?.body.toString(), body);
    scene.equal('upstream', 'the key arrived in its place alone', request?.all('authorization'), [
      `Bearer ${value}`,
    ]);
    const inPath = await scene.call(standing, `/x?q=%7B%7B${secret}%7D%7D&v=%7Bvalue%7D`);
    scene.equal('caller', 'in a query too', inPath.status, 200);
    scene.equal(
      'upstream',
      'which arrives as it was',
      upstream.seen[1]?.target,
      `/x?q=%7B%7B${secret}%7D%7D&v=%7Bvalue%7D`,
    );
    await scene.logged(
      'both calls are on record',
      mark,
      ({ kind, text }) => kind === 'sent' && text.includes('/x'),
    );
    await scene.noValueInLog(standing, mark);
  },
};
