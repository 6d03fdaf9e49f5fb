// The commands, as the top-level help lists them. Each module is loaded only when its command is named.
import type { RegisteredCommand } from './command.ts';

export const COMMANDS: readonly RegisteredCommand[] = [
  {
    name: 'add',
    summary: 'Add a key: agents can call with it, and never see it',
    isShort: true,
    load: async () => import('./commands/add.ts'),
  },
  {
    name: 'connect',
    summary: 'Connect a service by OAuth, or as an app',
    load: async () => import('./commands/connect.ts'),
  },
  {
    name: 'import',
    summary: 'Take keys in from .env files and the like',
    isShort: true,
    load: async () => import('./commands/import.ts'),
  },
  {
    name: 'scan',
    summary: 'Find keys that were left behind in files',
    load: async () => import('./commands/scan.ts'),
  },
  {
    name: 'run',
    summary: 'Start an agent that can call, but never sees a key',
    isShort: true,
    load: async () => import('./commands/run.ts'),
  },
  {
    name: 'log',
    summary: 'Show what agents called',
    isShort: true,
    load: async () => import('./commands/log.ts'),
  },
  {
    name: 'explain',
    summary: 'Say why a call was refused, and what would change it',
    isShort: true,
    load: async () => import('./commands/explain.ts'),
  },
  {
    name: 'env',
    summary: 'Print the variables that point SDKs at the broker',
    isShort: true,
    load: async () => import('./commands/env.ts'),
  },
  {
    name: 'revoke',
    summary: 'Make everything an agent holds worthless, at once',
    isShort: true,
    load: async () => import('./commands/revoke.ts'),
  },
  { name: 'serve', summary: 'Run the broker', load: async () => import('./commands/serve.ts') },
  {
    name: 'secret',
    summary: 'Add, rotate, list, disable and destroy secrets',
    load: async () => import('./commands/secret.ts'),
  },
  {
    name: 'service',
    summary: 'Say where a secret may be sent, and how',
    load: async () => import('./commands/service.ts'),
  },
  {
    name: 'agent',
    summary: 'Register, freeze and remove agents',
    load: async () => import('./commands/agent.ts'),
  },
  {
    name: 'grant',
    summary: 'Say which agent may call what',
    load: async () => import('./commands/grant.ts'),
  },
  {
    name: 'access',
    summary: 'Grant or deny what agents ask for',
    load: async () => import('./commands/access.ts'),
  },
  {
    name: 'approval',
    summary: 'Look at calls that wait for a person, approve or deny them',
    load: async () => import('./commands/approval.ts'),
  },
  {
    name: 'approve',
    summary: 'Let a call that waits pass, once',
    load: async () => import('./commands/approve.ts'),
  },
  {
    name: 'mcp',
    summary: 'Be the MCP server of an agent, on standard input and output',
    load: async () => import('./commands/mcp.ts'),
  },
  { name: 'call', summary: 'Make one brokered call', load: async () => import('./commands/call.ts') },
  {
    name: 'placeholder',
    summary: 'Make worthless stand-ins for keys, and revoke them',
    load: async () => import('./commands/placeholder.ts'),
  },
  {
    name: 'token',
    summary: "Print an access token for an agent's key",
    load: async () => import('./commands/token.ts'),
  },
  { name: 'audit', summary: 'List and verify audit events', load: async () => import('./commands/audit.ts') },
  {
    name: 'git-credential',
    summary: "Hand git the agent's token instead of a key",
    load: async () => import('./commands/git-credential.ts'),
  },
  {
    name: 'backup',
    summary: 'Make, verify and restore encrypted backups',
    load: async () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    summary: 'Let a restored vault work again',
    load: async () => import('./commands/restore.ts'),
  },
  {
    name: 'migrate',
    summary: 'Bring the schema up to date, or move to Postgres',
    load: async () => import('./commands/migrate.ts'),
  },
  {
    name: 'status',
    summary: 'Show the server and what protects its keys',
    load: async () => import('./commands/status.ts'),
  },
  {
    name: 'doctor',
    summary: 'Find what is wrong, and what to do about it',
    load: async () => import('./commands/doctor.ts'),
  },
  {
    name: 'attack',
    summary: 'Attack an installation, and see what holds',
    load: async () => import('./commands/attack.ts'),
  },
  {
    name: 'skill',
    summary: 'Print what to tell an agent, for CLAUDE.md or AGENTS.md',
    load: async () => import('./commands/skill.ts'),
  },
  {
    name: 'completion',
    summary: 'Print completion for bash, zsh or fish',
    load: async () => import('./commands/completion.ts'),
  },
  {
    name: 'uninstall',
    summary: 'Put files back, and remove everything that is stored',
    load: async () => import('./commands/uninstall.ts'),
  },
  {
    name: 'help',
    summary: 'Help on a command, exit-codes or environment',
    load: async () => import('./commands/help.ts'),
  },
];
