// What a grant asks of a call beyond its method and path.
import { z } from 'zod';

export const Constraints = z.strictObject({}).meta({ id: 'Constraints' });
export type Constraints = z.output<typeof Constraints>;
