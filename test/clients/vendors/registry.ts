// The vendors, each with how its service is set up: as its entry in the catalogue says, and where some client is told its
// key or its address by no variable, with one of these programs' own.
import { readEntry } from '../../../src/catalogue/catalogue.ts';
import { anthropic } from './anthropic.ts';
import { google } from './google.ts';
import { mcp } from './mcp.ts';
import { openai } from './openai.ts';
import { github, notion, slack, stripe } from './saas.ts';
import type { Vendor } from './vendor.ts';

type Service = Readonly<Record<string, unknown>>;

const OWN: Readonly<Record<string, Service>> = {
  stripe: { baseUrlEnv: 'STRIPE_API_BASE', listen: '127.0.0.1:0' },
  slack: { baseUrlEnv: 'SLACK_API_URL' },
  notion: { baseUrlEnv: 'NOTION_BASE_URL' },
  'mcp-http': { keyEnv: 'MCP_TOKEN', baseUrlEnv: 'MCP_URL' },
};

export const VENDORS: readonly (Vendor & { readonly service: Service })[] = [
  openai,
  anthropic,
  google,
  stripe,
  github,
  slack,
  notion,
  mcp,
].map((vendor) => ({ ...vendor, service: { ...asInCatalogue(vendor.id), ...OWN[vendor.id] } }));

function asInCatalogue(id: string): Service {
  const entry = readEntry(id);
  if (entry === undefined) throw new Error(`${id} is not in the catalogue`);
  const { auth, headers, refusalShape } = entry;
  return { auth, headers, catalogueId: id, ...(refusalShape === undefined ? {} : { refusalShape }) };
}
