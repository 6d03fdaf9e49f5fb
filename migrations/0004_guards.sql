CREATE TABLE "secret_fingerprint" (
	"vault_id" text collate "C" NOT NULL,
	"version_id" text collate "C" NOT NULL,
	"secret_id" text collate "C" NOT NULL,
	"is_decoy" boolean NOT NULL,
	"record" "bytea" NOT NULL,
	"changed_epoch" bigint NOT NULL,
	"mac" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"removed_at" timestamp (3) with time zone,
	CONSTRAINT "secret_fingerprint_vault_id_version_id_pk" PRIMARY KEY("vault_id","version_id")
);
--> statement-breakpoint
ALTER TABLE "secret" ADD COLUMN "is_decoy" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "service" ADD COLUMN "protection" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "service_grant" ADD COLUMN "constraints" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "service_grant" ADD COLUMN "frozen_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "service_grant" ADD COLUMN "frozen_reason" text;--> statement-breakpoint
ALTER TABLE "secret_fingerprint" ADD CONSTRAINT "secret_fingerprint_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "secret_fingerprint" ADD CONSTRAINT "secret_fingerprint_vault_id_secret_id_secret_vault_id_id_fk" FOREIGN KEY ("vault_id","secret_id") REFERENCES "public"."secret"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "secret_fingerprint_epoch" ON "secret_fingerprint" USING btree ("vault_id","changed_epoch");