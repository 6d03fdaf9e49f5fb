// The calls of `main.js` with Stripe's own client.
import Stripe from 'stripe';

// It takes a host and a port, and no path below them: the service has a listener of its own.
const { hostname: host, port } = new URL(process.env.STRIPE_API_BASE);
const client = new Stripe(process.env.STRIPE_SECRET_KEY, { host, port, protocol: 'http' });
const name = async (id) => (await client.customers.retrieve(id)).name;

export const steps = {
  plain: () => name('cus_step-plain'),
  fail: () => name('cus_step-fail'),
  refused: async () => (await client.refunds.create({ charge: 'ch_1' })).id,
  echo: () => name('cus_step-echo'),
};
