CREATE TABLE "admin" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"credential_hash" "bytea" NOT NULL,
	"generation" integer NOT NULL,
	"revision" integer NOT NULL,
	"mac" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "agent" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"name" text NOT NULL,
	"key_hash" "bytea" NOT NULL,
	"generation" integer NOT NULL,
	"revision" integer NOT NULL,
	"changed_epoch" bigint NOT NULL,
	"mac" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"frozen_at" timestamp (3) with time zone,
	"removed_at" timestamp (3) with time zone,
	CONSTRAINT "agent_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "audit_body" (
	"event_id" text collate "C" NOT NULL,
	"month" date NOT NULL,
	"salt" "bytea" NOT NULL,
	"json" text NOT NULL,
	CONSTRAINT "audit_body_month_event_id_pk" PRIMARY KEY("month","event_id")
);
--> statement-breakpoint
CREATE TABLE "audit_event" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"vault_id" text collate "C",
	"chain_id" text collate "C" NOT NULL,
	"chain_seq" bigint NOT NULL,
	"prev_mac" "bytea" NOT NULL,
	"mac" "bytea" NOT NULL,
	"kind" text NOT NULL,
	"intent_id" text collate "C",
	"at" timestamp (3) with time zone NOT NULL,
	"body_hash" "bytea" NOT NULL,
	"leaf_hash" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "kek" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"generation" integer NOT NULL,
	"record" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "kek_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "key_slot" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"provider" text NOT NULL,
	"provider_key_id" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"record" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "replica" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone NOT NULL,
	"audit_heads" jsonb NOT NULL,
	"reaped_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "replica_epoch" (
	"replica_id" text collate "C" NOT NULL,
	"vault_id" text collate "C" NOT NULL,
	"epoch" bigint NOT NULL,
	CONSTRAINT "replica_epoch_replica_id_vault_id_pk" PRIMARY KEY("replica_id","vault_id")
);
--> statement-breakpoint
CREATE TABLE "run" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"agent_id" text collate "C" NOT NULL,
	"placeholder_hash" "bytea" NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"changed_epoch" bigint NOT NULL,
	"mac" "bytea" NOT NULL,
	CONSTRAINT "run_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "secret" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"name" text NOT NULL,
	"credential_kind" text NOT NULL,
	"revision" integer NOT NULL,
	"changed_epoch" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"destroyed_at" timestamp (3) with time zone,
	CONSTRAINT "secret_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "secret_version" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"secret_id" text collate "C" NOT NULL,
	"number" integer NOT NULL,
	"state" text NOT NULL,
	"dek_id" text collate "C" NOT NULL,
	"kek_id" text collate "C" NOT NULL,
	"kek_generation" integer NOT NULL,
	"dek_record" "bytea",
	"value_record" "bytea",
	"changed_epoch" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "secret_version_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "service" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"name" text NOT NULL,
	"origin" jsonb NOT NULL,
	"base_path" text NOT NULL,
	"auth" jsonb NOT NULL,
	"secret_id" text collate "C" NOT NULL,
	"key_env" text,
	"base_url_env" text,
	"base_url_suffix" text NOT NULL,
	"revision" integer NOT NULL,
	"changed_epoch" bigint NOT NULL,
	"mac" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"removed_at" timestamp (3) with time zone,
	CONSTRAINT "service_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "service_grant" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"agent_id" text collate "C" NOT NULL,
	"service_id" text collate "C" NOT NULL,
	"allow" jsonb,
	"expires_at" timestamp (3) with time zone,
	"revision" integer NOT NULL,
	"changed_epoch" bigint NOT NULL,
	"mac" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"removed_at" timestamp (3) with time zone,
	CONSTRAINT "service_grant_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
CREATE TABLE "system_key" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"purpose" text NOT NULL,
	"generation" integer NOT NULL,
	"record" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "vault" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"epoch" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "agent" ADD CONSTRAINT "agent_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kek" ADD CONSTRAINT "kek_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_vault_id_agent_id_agent_vault_id_id_fk" FOREIGN KEY ("vault_id","agent_id") REFERENCES "public"."agent"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "secret" ADD CONSTRAINT "secret_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "secret_version" ADD CONSTRAINT "secret_version_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "secret_version" ADD CONSTRAINT "secret_version_vault_id_secret_id_secret_vault_id_id_fk" FOREIGN KEY ("vault_id","secret_id") REFERENCES "public"."secret"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service" ADD CONSTRAINT "service_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service" ADD CONSTRAINT "service_vault_id_secret_id_secret_vault_id_id_fk" FOREIGN KEY ("vault_id","secret_id") REFERENCES "public"."secret"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_grant" ADD CONSTRAINT "service_grant_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_grant" ADD CONSTRAINT "service_grant_vault_id_agent_id_agent_vault_id_id_fk" FOREIGN KEY ("vault_id","agent_id") REFERENCES "public"."agent"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_grant" ADD CONSTRAINT "service_grant_vault_id_service_id_service_vault_id_id_fk" FOREIGN KEY ("vault_id","service_id") REFERENCES "public"."service"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "admin_name" ON "admin" USING btree ("name");--> statement-breakpoint
CREATE UNIQUE INDEX "agent_name" ON "agent" USING btree ("vault_id","name") WHERE "agent"."removed_at" is null;--> statement-breakpoint
CREATE INDEX "agent_epoch" ON "agent" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_event_chain" ON "audit_event" USING btree ("chain_id","chain_seq");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_event_intent" ON "audit_event" USING btree ("intent_id") WHERE "audit_event"."intent_id" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "kek_generation" ON "kek" USING btree ("vault_id","generation");--> statement-breakpoint
CREATE UNIQUE INDEX "run_placeholder" ON "run" USING btree ("placeholder_hash");--> statement-breakpoint
CREATE INDEX "run_epoch" ON "run" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE UNIQUE INDEX "secret_name" ON "secret" USING btree ("vault_id","name") WHERE "secret"."destroyed_at" is null;--> statement-breakpoint
CREATE INDEX "secret_epoch" ON "secret" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE UNIQUE INDEX "secret_version_number" ON "secret_version" USING btree ("vault_id","secret_id","number");--> statement-breakpoint
CREATE UNIQUE INDEX "secret_version_current" ON "secret_version" USING btree ("vault_id","secret_id") WHERE "secret_version"."state" = 'current';--> statement-breakpoint
CREATE INDEX "secret_version_epoch" ON "secret_version" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE UNIQUE INDEX "service_name" ON "service" USING btree ("vault_id","name") WHERE "service"."removed_at" is null;--> statement-breakpoint
CREATE INDEX "service_epoch" ON "service" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE UNIQUE INDEX "service_grant_pair" ON "service_grant" USING btree ("vault_id","agent_id","service_id") WHERE "service_grant"."removed_at" is null;--> statement-breakpoint
CREATE INDEX "service_grant_epoch" ON "service_grant" USING btree ("vault_id","changed_epoch");--> statement-breakpoint
CREATE UNIQUE INDEX "system_key_purpose" ON "system_key" USING btree ("purpose","generation");--> statement-breakpoint
CREATE UNIQUE INDEX "vault_name" ON "vault" USING btree ("name");