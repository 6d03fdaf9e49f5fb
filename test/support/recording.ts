// A recording of a terminal as an SVG that plays by itself: lines come one after the other, and stay.

export interface RecordedStep {
  /** What was typed. */
  readonly typed: string;
  /** What came, line by line. */
  readonly shown: readonly string[];
}

const COLUMN_PX = 8.2;
const LINE_PX = 19;
const MARGIN_PX = 18;
const TITLE_PX = 34;
/** Reading takes its time: so long until the next line, and before what is typed. */
const LINE_SECONDS = 0.25;
const STEP_SECONDS = 1.4;

export function toSvg(title: string, steps: readonly RecordedStep[], columns: number): string {
  let seconds = 0.3;
  const lines = steps.flatMap(({ typed, shown }, at) => {
    seconds += at === 0 ? 0 : STEP_SECONDS;
    const typedAt = seconds;
    const first = broken(`$ ${typed}`, columns).map((text) => ({ text, isTyped: true, seconds: typedAt }));
    seconds += LINE_SECONDS * 2;
    const rest = shown.flatMap((line) => {
      seconds += LINE_SECONDS;
      return broken(line, columns).map((text) => ({ text, isTyped: false, seconds }));
    });
    return [...first, ...rest];
  });
  const width = Math.ceil(columns * COLUMN_PX + 2 * MARGIN_PX);
  const height = Math.ceil(lines.length * LINE_PX + 2 * MARGIN_PX + TITLE_PX);
  const rows = lines.map((line, at) => {
    const y = TITLE_PX + MARGIN_PX + (at + 0.75) * LINE_PX;
    const kind = line.isTyped ? 'l t' : 'l';
    return `<text class="${kind}" x="${MARGIN_PX}" y="${y.toFixed(1)}" style="animation-delay:${line.seconds.toFixed(2)}s">${escaped(line.text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    '<style>',
    `text{font:13.4px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d5dbe3;white-space:pre}`,
    '.t{fill:#7ee0a8;font-weight:600}.h{fill:#8b96a5}',
    '.l{opacity:0;animation:come .15s forwards}@keyframes come{to{opacity:1}}',
    '@media (prefers-reduced-motion:reduce){.l{opacity:1;animation:none}}',
    '</style>',
    `<rect width="${width}" height="${height}" rx="10" fill="#14181f"/>`,
    `<text class="h" x="${MARGIN_PX}" y="24">${escaped(title)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

/** The lines of a recording, as its picture holds them. */
export function linesOfSvg(svg: string): readonly string[] {
  return [...svg.matchAll(/<text class="l(?: t)?"[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );
}

/** As a terminal of that width breaks it. */
function broken(line: string, columns: number): readonly string[] {
  const pieces = line.match(new RegExp(`.{1,${columns}}`, 'gs'));
  return pieces ?? [''];
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
