CREATE TABLE "idempotency_key" (
	"vault_id" text collate "C" NOT NULL,
	"admin_id" text collate "C" NOT NULL,
	"key_hash" "bytea" NOT NULL,
	"operation" text NOT NULL,
	"input_hash" "bytea" NOT NULL,
	"output" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_key_vault_id_admin_id_key_hash_pk" PRIMARY KEY("vault_id","admin_id","key_hash")
);
--> statement-breakpoint
CREATE TABLE "rotation" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"secret_id" text collate "C" NOT NULL,
	"from_version" integer,
	"to_version" integer NOT NULL,
	"step" text NOT NULL,
	"probe" jsonb,
	"grace_seconds" integer NOT NULL,
	"replica_id" text collate "C" NOT NULL,
	"started_by" text collate "C" NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"promoted_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "rotation_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
ALTER TABLE "secret_version" ADD COLUMN "grace_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "service" ADD COLUMN "grace_retry" text DEFAULT 'any' NOT NULL;--> statement-breakpoint
ALTER TABLE "vault" ADD COLUMN "frozen_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "vault" ADD COLUMN "frozen_reason" text;--> statement-breakpoint
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rotation" ADD CONSTRAINT "rotation_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rotation" ADD CONSTRAINT "rotation_vault_id_secret_id_secret_vault_id_id_fk" FOREIGN KEY ("vault_id","secret_id") REFERENCES "public"."secret"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "idempotency_key_age" ON "idempotency_key" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "rotation_open" ON "rotation" USING btree ("vault_id","secret_id") WHERE "rotation"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "rotation_secret" ON "rotation" USING btree ("vault_id","secret_id","id");--> statement-breakpoint
CREATE INDEX "audit_event_rare" ON "audit_event" USING btree ("kind","id") WHERE "audit_event"."kind" not like 'call.%';