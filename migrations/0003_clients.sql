CREATE TABLE "access_request" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"agent_id" text collate "C" NOT NULL,
	"service" text NOT NULL,
	"allow" jsonb,
	"reason" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"decision" text,
	"decided_by" text collate "C",
	CONSTRAINT "access_request_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "minted_token" (
	"vault_id" text collate "C" NOT NULL,
	"secret_id" text collate "C" NOT NULL,
	"version_id" text collate "C",
	"dek_id" text collate "C",
	"kek_id" text collate "C",
	"kek_generation" integer,
	"dek_record" "bytea",
	"value_record" "bytea",
	"expires_at" timestamp (3) with time zone,
	"refreshing_by" text collate "C",
	"refreshing_until" timestamp (3) with time zone,
	"fence" bigint NOT NULL,
	"changed_epoch" bigint NOT NULL,
	CONSTRAINT "minted_token_vault_id_secret_id_pk" PRIMARY KEY("vault_id","secret_id")
);
--> statement-breakpoint
CREATE TABLE "placeholder" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"agent_id" text collate "C" NOT NULL,
	"service_id" text collate "C" NOT NULL,
	"run_id" text collate "C",
	"hash" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"changed_epoch" bigint NOT NULL,
	"mac" "bytea" NOT NULL,
	"removed_at" timestamp (3) with time zone,
	CONSTRAINT "placeholder_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
ALTER TABLE "service" ADD COLUMN "catalogue_id" text;--> statement-breakpoint
ALTER TABLE "service" ADD COLUMN "headers" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "service" ADD COLUMN "deny" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "service" ADD COLUMN "refusal_shape" text;--> statement-breakpoint
ALTER TABLE "service" ADD COLUMN "listen" text;--> statement-breakpoint
ALTER TABLE "access_request" ADD CONSTRAINT "access_request_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_request" ADD CONSTRAINT "access_request_vault_id_agent_id_agent_vault_id_id_fk" FOREIGN KEY ("vault_id","agent_id") REFERENCES "public"."agent"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "minted_token" ADD CONSTRAINT "minted_token_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "minted_token" ADD CONSTRAINT "minted_token_vault_id_secret_id_secret_vault_id_id_fk" FOREIGN KEY ("vault_id","secret_id") REFERENCES "public"."secret"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "placeholder" ADD CONSTRAINT "placeholder_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "placeholder" ADD CONSTRAINT "placeholder_vault_id_agent_id_agent_vault_id_id_fk" FOREIGN KEY ("vault_id","agent_id") REFERENCES "public"."agent"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "placeholder" ADD CONSTRAINT "placeholder_vault_id_service_id_service_vault_id_id_fk" FOREIGN KEY ("vault_id","service_id") REFERENCES "public"."service"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "placeholder" ADD CONSTRAINT "placeholder_vault_id_run_id_run_vault_id_id_fk" FOREIGN KEY ("vault_id","run_id") REFERENCES "public"."run"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "access_request_open" ON "access_request" USING btree ("vault_id","agent_id") WHERE "access_request"."decided_at" is null;--> statement-breakpoint
CREATE INDEX "minted_token_epoch" ON "minted_token" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE UNIQUE INDEX "placeholder_hash" ON "placeholder" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "placeholder_epoch" ON "placeholder" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE INDEX "placeholder_agent" ON "placeholder" USING btree ("vault_id","agent_id") WHERE "placeholder"."removed_at" is null;