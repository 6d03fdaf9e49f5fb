// The commands, as the top-level help lists them. Each module is loaded only when its command is named.
import type { RegisteredCommand } from './command.ts';

export const COMMANDS: readonly RegisteredCommand[] = [
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
    name: 'run',
    summary: 'Start an agent that can call, but never sees a key',
    load: async () => import('./commands/run.ts'),
  },
  { name: 'call', summary: 'Make one brokered call', load: async () => import('./commands/call.ts') },
  {
    name: 'token',
    summary: "Print an access token for an agent's key",
    load: async () => import('./commands/token.ts'),
  },
  { name: 'log', summary: 'Show what agents called', load: async () => import('./commands/log.ts') },
  { name: 'audit', summary: 'List and verify audit events', load: async () => import('./commands/audit.ts') },
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
    name: 'help',
    summary: 'Help on a command, exit-codes or environment',
    load: async () => import('./commands/help.ts'),
  },
];
