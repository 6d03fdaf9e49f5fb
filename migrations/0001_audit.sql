-- Audit tables only grow. Table rights keep the application's role from changing rows; these triggers also stop
-- the owner and a superuser, until one of them alters the tables (which `audit verify` is there to notice).
-- Retention drops whole partitions of audit_body.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	RAISE EXCEPTION '% on % is refused: audit rows are never changed', tg_op, tg_table_name
		USING ERRCODE = 'insufficient_privilege';
END
$$;
--> statement-breakpoint
CREATE TRIGGER "audit_event_no_change" BEFORE UPDATE OR DELETE ON "audit_event"
	FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();
--> statement-breakpoint
CREATE TRIGGER "audit_event_no_truncate" BEFORE TRUNCATE ON "audit_event"
	FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
--> statement-breakpoint
-- ALWAYS: also in a session that calls itself a replica (session_replication_role).
ALTER TABLE "audit_event" ENABLE ALWAYS TRIGGER "audit_event_no_change";
--> statement-breakpoint
ALTER TABLE "audit_event" ENABLE ALWAYS TRIGGER "audit_event_no_truncate";
--> statement-breakpoint
-- The same columns and key as in tables.ts, which can not say PARTITION BY.
DROP TABLE "audit_body";
--> statement-breakpoint
CREATE TABLE "audit_body" (
	"event_id" text collate "C" NOT NULL,
	"month" date NOT NULL,
	"salt" "bytea" NOT NULL,
	"json" text NOT NULL,
	CONSTRAINT "audit_body_month_event_id_pk" PRIMARY KEY("month","event_id")
) PARTITION BY RANGE ("month");
--> statement-breakpoint
CREATE TRIGGER "audit_body_no_change" BEFORE UPDATE OR DELETE ON "audit_body"
	FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();
--> statement-breakpoint
CREATE TRIGGER "audit_body_no_truncate" BEFORE TRUNCATE ON "audit_body"
	FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
--> statement-breakpoint
ALTER TABLE "audit_body" ENABLE ALWAYS TRIGGER "audit_body_no_change";
--> statement-breakpoint
ALTER TABLE "audit_body" ENABLE ALWAYS TRIGGER "audit_body_no_truncate";
--> statement-breakpoint
-- Row triggers come to a partition by themselves; those on TRUNCATE, and ALWAYS, do not.
CREATE FUNCTION "guard_audit_body_partition"(partition text) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER audit_body_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', partition);
	EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_body_no_truncate', partition);
	EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_body_no_change', partition);
END
$$;
--> statement-breakpoint
-- One partition per month, from the month of `first` on, where there is none yet. A month whose rows already went
-- to the default partition stays there.
CREATE FUNCTION "ensure_audit_body_partitions"(first date, months integer) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	start date;
	partition text;
BEGIN
	FOR i IN 0 .. months - 1 LOOP
		start := date_trunc('month', first)::date + make_interval(months => i);
		partition := 'audit_body_' || to_char(start, 'YYYY_MM');
		IF to_regclass(quote_ident(partition)) IS NULL AND NOT EXISTS (
			SELECT FROM audit_body_default WHERE month >= start AND month < start + interval '1 month'
		) THEN
			EXECUTE format('CREATE TABLE %I PARTITION OF audit_body FOR VALUES FROM (%L) TO (%L)',
				partition, start, (start + interval '1 month')::date);
			PERFORM guard_audit_body_partition(partition);
		END IF;
	END LOOP;
END
$$;
--> statement-breakpoint
CREATE TABLE "audit_body_default" PARTITION OF "audit_body" DEFAULT;
--> statement-breakpoint
SELECT guard_audit_body_partition('audit_body_default');
