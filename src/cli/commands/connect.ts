// `doorward connect`: a service that gives out no key that stays. A person allows it once, in a browser or by a code; what is
// stored is exchanged for short-lived access tokens from then on. Client credentials and app keys are asked for and stored.
import type { Command } from 'commander';
import { DEFAULT_AGENT } from '../add-key.ts';
import type { OpenContext } from '../command.ts';
import type { ConnectOptions } from '../connect/options.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'connect <service>',
    summary: 'Connect a service by OAuth, or as an app',
    examples: [
      'doorward connect google-workspace --client-id 123.apps.example',
      'doorward connect acme --base-url https://api.acme.dev --issuer https://auth.acme.dev --scope offline_access',
    ],
    notes:
      'You need a client of your own at the vendor (it calls that an OAuth app); its secret is asked for without showing\n' +
      'it, read from --client-secret-file or DOORWARD_CLIENT_SECRET. Your browser is opened, or its address printed; with\n' +
      '--device, and where there is no browser, a code is printed instead. A service that was connected before gets the new\n' +
      'connection as a new version of its secret.',
  })
    .option('--base-url <url>', 'Address of the API; calls stay below it')
    .option('--auth <kind>', 'Where the access token goes; bearer unless the catalogue says otherwise')
    .option('--set <name=value>', 'A variable of an address, such as tenant=example', collect)
    .option('--issuer <url>', 'Authorization server; its addresses are looked up there')
    .option('--authorization-url <url>', 'Authorization endpoint')
    .option('--token-url <url>', 'Token endpoint')
    .option('--device-url <url>', 'Device authorization endpoint')
    .option('--client-id <id>', 'Client id; or DOORWARD_CLIENT_ID')
    .option('--client-secret-file <path>', 'Read the client secret from a file')
    .option('--public-client', 'The client has no secret')
    .option('--client-auth <where>', 'How the client shows its secret: basic or body')
    .option('--scope <scopes>', 'What to ask for; may be repeated', collect)
    .option('--param <name=value>', 'A further parameter for the authorization endpoint', collect)
    .option('--field <name=value>', 'A field of an app, such as installation_id=42', collect)
    .option('--field-file <name=path>', 'A field of an app from a file, such as private_key=app.pem', collect)
    .option('--redirect-uri <url>', 'The one registered with the vendor, on this machine')
    .option('--device', 'Print a code to type on another device')
    .option('--no-browser', 'Print the address instead of opening a browser')
    .option('--allow <pattern>', "Grant only this, such as 'GET /v1/models'; may be repeated", collect)
    .option('--allow-all', 'Grant every method and path')
    .option('--agent <name>', 'Agent that may call it', DEFAULT_AGENT)
    .option('--as <name>', 'Another name than the service, such as for a second account')
    .action(async (service: string, options: ConnectOptions, command: Command) =>
      connect(open(command), service, options),
    );
}

async function connect(context: Context, given: string, options: ConnectOptions): Promise<void> {
  const [{ planConnection }, { obtain }, { requireConnectable, storeConnection, tellConnected }] =
    await Promise.all([
      import('../connect/plan.ts'),
      import('../connect/obtain.ts'),
      import('../connect/store.ts'),
    ]);
  const client = await context.client();
  const plan = await planConnection(context, client, { given, options });
  const before = await requireConnectable(client, plan);
  const material = await obtain(context, plan, options);
  const stored = await storeConnection(client, { plan, before, material, agent: options.agent });
  tellConnected(context, plan, stored);
}
