// What an admin may do. Every operation names one of these; roles over them come with more than one admin.
export const PERMISSIONS = [
  'secret:read',
  'secret:write',
  'secret:bind',
  'secret:destroy',
  'service:read',
  'service:write',
  'agent:read',
  'agent:write',
  'agent:freeze',
  'grant:read',
  'grant:write',
  'approval:read',
  'approval:write',
  'run:write',
  'audit:read',
  'status:read',
  'backup:create',
  'vault:unfreeze',
] as const;
export type Permission = (typeof PERMISSIONS)[number];
