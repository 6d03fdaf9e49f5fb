CREATE TABLE "approval" (
	"vault_id" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"agent_id" text collate "C" NOT NULL,
	"service_id" text collate "C" NOT NULL,
	"direction" text NOT NULL,
	"rules" jsonb NOT NULL,
	"call_digest" "bytea" NOT NULL,
	"digest" "bytea" NOT NULL,
	"shown" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"decision" text,
	"decided_by" text collate "C",
	"used_at" timestamp (3) with time zone,
	"mac" "bytea" NOT NULL,
	CONSTRAINT "approval_vault_id_id_pk" PRIMARY KEY("vault_id","id")
);
--> statement-breakpoint
ALTER TABLE "approval" ADD CONSTRAINT "approval_vault_id_vault_id_fk" FOREIGN KEY ("vault_id") REFERENCES "public"."vault"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approval" ADD CONSTRAINT "approval_vault_id_agent_id_agent_vault_id_id_fk" FOREIGN KEY ("vault_id","agent_id") REFERENCES "public"."agent"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approval" ADD CONSTRAINT "approval_vault_id_service_id_service_vault_id_id_fk" FOREIGN KEY ("vault_id","service_id") REFERENCES "public"."service"("vault_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "approval_call" ON "approval" USING btree ("vault_id","call_digest");--> statement-breakpoint
CREATE INDEX "approval_open" ON "approval" USING btree ("vault_id","agent_id") WHERE "approval"."decided_at" is null;