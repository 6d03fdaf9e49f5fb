// `doorward skill`: the few lines that tell an agent how to behave with the broker, for its CLAUDE.md or AGENTS.md.
import { Option } from 'commander';
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import { define } from '../define.ts';
import { write } from '../output.ts';

interface SkillOptions {
  readonly format: 'claude' | 'agents';
}

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'skill',
    summary: 'Print what to tell an agent, for CLAUDE.md or AGENTS.md',
    examples: ['doorward skill >> CLAUDE.md', 'doorward skill --format agents >> AGENTS.md'],
  })
    .addOption(
      new Option('--format <file>', 'claude: for CLAUDE.md; agents: for AGENTS.md')
        .choices(['claude', 'agents'])
        .default('claude'),
    )
    .action((options: SkillOptions, command: Command) => write(open(command), skillText(options.format)));
}

function skillText(format: SkillOptions['format']): string {
  return format === 'claude' ? `${TEXT}${FOR_CLAUDE}` : TEXT;
}

const TEXT = `## Calling APIs: through Doorward

API keys are not on this machine's side. Variables such as \`OPENAI_API_KEY\` hold a placeholder, and \`OPENAI_BASE_URL\` and
the like point at Doorward, a broker that puts the real key in and records each call.

- Use SDKs and the variables as they are. Do not write an API's own host into code or configuration: a placeholder is
  worthless there.
- Do not look for keys (\`.env\`, key chains, other processes, history), do not ask for one to be pasted, and do not print,
  store or commit a placeholder.
- One call by hand: \`doorward call SERVICE METHOD PATH\`, such as \`doorward call github GET /user\`.
- An answer with the header \`doorward-source: broker\` is Doorward's own. 403 is a rule: do not retry, and do not look for a way
  around it. Tell the person which call was refused and the sentence in \`detail\` or \`message\`; \`needed_grant\` names the
  smallest grant, \`doorward explain ID\` (the header \`doorward-request-id\`) says the rest. They decide.
- 401 from Doorward means that the placeholder has ended: ask for a new \`doorward run\`.
- Any other answer is the API's own; handle it as its documentation says.
`;

const FOR_CLAUDE = `- Doorward also speaks MCP (\`doorward mcp\`): \`list_services\` tells what may be called, \`request_access\` asks for more.
`;
