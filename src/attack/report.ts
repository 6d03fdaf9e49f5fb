// The report of a run in Markdown: every row with what was claimed about caller, upstream and log, and what was left out.
import { ATTACKERS } from './attack.ts';
import { ASPECTS, type Claim } from './evidence.ts';
import { type Outcome, type SuiteResult, summaryLine } from './runner.ts';

interface ReportHead {
  readonly version: string;
  readonly at: Date;
}

export function toMarkdown(result: SuiteResult, { version, at }: ReportHead): string {
  const { outcomes, leftOut, target } = result;
  const seconds = outcomes.reduce((total, { ms }) => total + ms, 0) / 1000;
  return [
    '# Attack report',
    '',
    `Doorward ${version}. Attacked: ${target}. ${at.toISOString()}, ${seconds.toFixed(0)} s.`,
    '',
    `**${summaryLine(result)}**, ${leftOut.length} left out.`,
    '',
    '| row | who | attack | must hold | result | claims |',
    '|---|---|---|---|---|---|',
    ...outcomes.map(rowOf),
    '',
    ...(leftOut.length === 0 ? [] : ['## Left out', '', '| row | attack | why |', '|---|---|---|']),
    ...leftOut.map(({ id, title, why }) => `| ${id} | ${cell(title)} | ${cell(why)} |`),
    '',
    '## What was looked at',
    '',
    ...outcomes.flatMap(detailsOf),
    `Attackers: ${Object.entries(ATTACKERS)
      .map(([short, long]) => `${short}, ${long}`)
      .join('; ')}.`,
    '',
  ].join('\n');
}

function rowOf({ attack, verdict, claims }: Outcome): string {
  const { id, who, title, mustHold } = attack;
  const result = verdict === 'held' ? 'held' : '**fell**';
  return `| ${id} | ${who.join(', ')} | ${cell(title)} | ${cell(mustHold)} | ${result} | ${claims.length} |`;
}

function detailsOf({ attack, verdict, claims, ms }: Outcome): readonly string[] {
  const { id, title, without = {} } = attack;
  return [
    `### ${id} ${verdict}: ${title}`,
    '',
    ...ASPECTS.flatMap((aspect) => claims.filter((claim) => claim.aspect === aspect).map(lineOf)),
    ...Object.entries(without).map(([aspect, why]) => `- ${aspect}: not looked at, since ${why}`),
    `- ${(ms / 1000).toFixed(1)} s`,
    '',
  ];
}

function lineOf({ aspect, text, holds, found }: Claim): string {
  const told = holds || found === undefined ? '' : `: \`${found.replaceAll('`', "'")}\``;
  return `- ${aspect}: ${holds ? '' : '**not so**: '}${text}${told}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
