// What `doorward connect` may be told.

export interface ConnectOptions {
  readonly baseUrl?: string;
  readonly auth?: string;
  readonly set?: readonly string[];
  readonly issuer?: string;
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly deviceUrl?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly publicClient?: true;
  readonly clientAuth?: string;
  readonly scope?: readonly string[];
  readonly param?: readonly string[];
  readonly field?: readonly string[];
  readonly fieldFile?: readonly string[];
  readonly redirectUri?: string;
  readonly device?: true;
  readonly browser: boolean;
  readonly allow?: readonly string[];
  readonly allowAll?: true;
  readonly agent: string;
  readonly as?: string;
}
