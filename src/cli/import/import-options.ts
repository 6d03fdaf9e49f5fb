// What `doorward import` may be told.

export interface ImportOptions {
  readonly environment?: true;
  readonly home?: true;
  readonly dryRun?: true;
  readonly replace?: true;
  readonly test: boolean;
  readonly agent: string;
}
