// Where drizzle-kit finds the schema and puts the migrations.
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/store/{installation-tables,tables,asked-tables,audit-tables}.ts',
  out: './migrations',
});
