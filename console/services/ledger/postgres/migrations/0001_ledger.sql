-- The ledger: what the console's SQLite file has, for operators and workers on several machines.
--
-- line is the truth, and checkpoint what was signed of it. A run that is old may be deleted, and leaves a tombstone.
-- run caches the lines for the list of runs; lease records who steps a run now. Both may be lost.
-- The triggers hold whoever writes, and by whatever program. An error of class GC has a sentence of ours.
-- Each function names pg_temp last: left out, it would come first, and a user's temporary table or type would stand in
-- for one of ours, with the owner's rights.

CREATE TABLE gateway_console.log (
    log_id text PRIMARY KEY CHECK (log_id ~ '^[0-9A-HJKMNP-TV-Z]{26}$'),
    at_ms bigint NOT NULL,
    is_own boolean NOT NULL
);
CREATE UNIQUE INDEX log_is_one ON gateway_console.log (is_own) WHERE is_own;

CREATE TABLE gateway_console.line (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version integer NOT NULL,
    log_id text NOT NULL,
    run_id text NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    at_ms bigint NOT NULL,
    actor bytea NOT NULL,
    kind text NOT NULL,
    gate text,
    attempt bigint NOT NULL,
    call_id text,
    body bytea NOT NULL,
    previous text NOT NULL,
    sha256 text NOT NULL,
    UNIQUE (run_id, seq)
);
CREATE UNIQUE INDEX decided_once ON gateway_console.line (run_id, gate, attempt) WHERE kind = 'GateDecided';
CREATE UNIQUE INDEX intended_once ON gateway_console.line (run_id, call_id) WHERE kind = 'CallIntended';
CREATE UNIQUE INDEX ended_once ON gateway_console.line (run_id, call_id)
    WHERE kind IN ('CallRecorded', 'CallFailed', 'CallLost');

CREATE TABLE gateway_console.run (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL UNIQUE,
    repository text NOT NULL,
    gate text NOT NULL,
    status text NOT NULL,
    started_at_ms bigint NOT NULL,
    updated_at_ms bigint NOT NULL,
    attempt bigint NOT NULL,
    is_simulated boolean NOT NULL,
    verdict text,
    category text,
    operator text,
    changed_in xid8 NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON COLUMN gateway_console.run.changed_in IS 'the transaction that changed it last: who was cut off asks for those since';
CREATE INDEX run_changed ON gateway_console.run (changed_in);

CREATE TABLE gateway_console.lease (
    run_id text PRIMARY KEY,
    fence bigint NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    pid bigint NOT NULL,
    started bigint NOT NULL,
    is_held boolean NOT NULL,
    until_ms bigint NOT NULL
);
COMMENT ON COLUMN gateway_console.lease.until_ms IS 'by the clock of this database';

CREATE TABLE gateway_console.checkpoint (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log_id text NOT NULL,
    run_id text NOT NULL,
    count bigint NOT NULL CHECK (count >= 1),
    head text NOT NULL,
    at_ms bigint NOT NULL,
    signature text
);
CREATE INDEX checkpoint_of_run ON gateway_console.checkpoint (run_id, count);

CREATE TABLE gateway_console.tombstone (
    run_id text PRIMARY KEY,
    log_id text NOT NULL,
    count bigint NOT NULL CHECK (count >= 1),
    head text NOT NULL,
    at_ms bigint NOT NULL,
    signature text
);

CREATE TABLE gateway_console.artifact (
    sha256 text PRIMARY KEY,
    size bigint NOT NULL CHECK (size <= 8388608),
    data bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (size = octet_length(data) AND sha256 = encode(sha256(data), 'hex'))
);
CREATE TABLE gateway_console.artifact_total (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    bytes bigint NOT NULL,
    most bigint NOT NULL
);
COMMENT ON COLUMN gateway_console.artifact_total.most IS 'what all artifacts may have together; the owner of the store may change it';
INSERT INTO gateway_console.artifact_total (bytes, most) VALUES (0, 53687091200);

-- Who appends to a run, prunes it or takes its lease waits here for whoever does so at the same time.
CREATE FUNCTION gateway_console.lock_run(wanted text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a transaction that writes to the ledger must be READ COMMITTED' USING ERRCODE = 'GC010';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted, 0));
END $$;

CREATE FUNCTION gateway_console.line_is_the_next() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last record;
    spelled bytea;
BEGIN
    PERFORM gateway_console.lock_run(NEW.run_id);
    IF EXISTS (SELECT 1 FROM gateway_console.tombstone WHERE run_id = NEW.run_id) THEN
        RAISE EXCEPTION 'a pruned run has no more lines' USING ERRCODE = 'GC010';
    END IF;
    SELECT seq, sha256, log_id INTO last FROM gateway_console.line WHERE run_id = NEW.run_id ORDER BY seq DESC LIMIT 1;
    IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.previous <> coalesce(last.sha256, encode(sha256(convert_to(
        format(E'gateway-console/run/v1\n%s\n%s\n', NEW.log_id, NEW.run_id), 'UTF8')), 'hex')) THEN
        RAISE EXCEPTION 'a line follows the last one' USING ERRCODE = 'GC010';
    END IF;
    IF NEW.log_id IS DISTINCT FROM coalesce(last.log_id, NEW.log_id)
        OR (last.seq IS NULL AND NOT EXISTS (SELECT 1 FROM gateway_console.log WHERE log_id = NEW.log_id)) THEN
        RAISE EXCEPTION 'a line names a log of this store' USING ERRCODE = 'GC010';
    END IF;
    IF NEW.kind IN ('CallRecorded', 'CallFailed', 'CallLost') AND NOT EXISTS (SELECT 1 FROM gateway_console.line
        WHERE run_id = NEW.run_id AND call_id = NEW.call_id AND kind = 'CallIntended') THEN
        RAISE EXCEPTION 'only a call that was intended ends' USING ERRCODE = 'GC010';
    END IF;
    IF NEW.kind !~ '^[A-Za-z]{1,64}$' OR NEW.gate !~ '^[a-z_]{1,32}$' OR NEW.call_id !~ '^[A-Za-z0-9_-]{1,64}$' THEN
        RAISE EXCEPTION 'a line has a kind, a gate and a call of the usual form' USING ERRCODE = 'GC010';
    END IF;
    spelled := convert_to('{"actor":', 'UTF8') || NEW.actor
        || convert_to(format(',"at_ms":%s,"attempt":%s,"body":', NEW.at_ms, NEW.attempt), 'UTF8') || NEW.body
        || convert_to(format(
            ',"call_id":%s,"gate":%s,"kind":"%s","log_id":"%s","previous":"%s","run_id":"%s","seq":%s,"version":%s}',
            coalesce('"' || NEW.call_id || '"', 'null'), coalesce('"' || NEW.gate || '"', 'null'), NEW.kind, NEW.log_id,
            NEW.previous, NEW.run_id, NEW.seq, NEW.version), 'UTF8');
    IF NEW.sha256 <> encode(sha256(spelled), 'hex') THEN
        RAISE EXCEPTION 'a line has the hash of its content' USING ERRCODE = 'GC010';
    END IF;
    RETURN NEW;
END $$;
-- Triggers fire in the order of their names: this one is the first, and so whoever judges a line after it holds the lock.
CREATE TRIGGER a_line_is_the_next BEFORE INSERT ON gateway_console.line
    FOR EACH ROW EXECUTE FUNCTION gateway_console.line_is_the_next();

CREATE FUNCTION gateway_console.line_was_appended() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('gateway_console_run', run_id) FROM (SELECT DISTINCT run_id FROM appended) AS each;
    RETURN NULL;
END $$;
CREATE TRIGGER line_was_appended AFTER INSERT ON gateway_console.line
    REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION gateway_console.line_was_appended();

CREATE FUNCTION gateway_console.never_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a % is never changed', TG_TABLE_NAME USING ERRCODE = 'GC011';
END $$;
CREATE FUNCTION gateway_console.never_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'tombstone' THEN
        IF EXISTS (SELECT 1 FROM gateway_console.tombstone WHERE run_id = OLD.run_id) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'a % is never deleted', TG_TABLE_NAME USING ERRCODE = 'GC011';
END $$;
CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON gateway_console.line
    FOR EACH ROW EXECUTE FUNCTION gateway_console.never_changed();
CREATE TRIGGER line_is_never_deleted BEFORE DELETE ON gateway_console.line
    FOR EACH ROW EXECUTE FUNCTION gateway_console.never_deleted();
CREATE TRIGGER line_is_never_emptied BEFORE TRUNCATE ON gateway_console.line
    FOR EACH STATEMENT EXECUTE FUNCTION gateway_console.never_deleted();
CREATE TRIGGER checkpoint_is_never_changed BEFORE UPDATE ON gateway_console.checkpoint
    FOR EACH ROW EXECUTE FUNCTION gateway_console.never_changed();
CREATE TRIGGER checkpoint_is_never_deleted BEFORE DELETE ON gateway_console.checkpoint
    FOR EACH ROW EXECUTE FUNCTION gateway_console.never_deleted();
CREATE TRIGGER checkpoint_is_never_emptied BEFORE TRUNCATE ON gateway_console.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION gateway_console.never_deleted();
CREATE TRIGGER tombstone_is_never_changed BEFORE UPDATE ON gateway_console.tombstone
    FOR EACH ROW EXECUTE FUNCTION gateway_console.never_changed();
CREATE TRIGGER tombstone_is_never_deleted BEFORE DELETE ON gateway_console.tombstone
    FOR EACH ROW EXECUTE FUNCTION gateway_console.never_deleted();
CREATE TRIGGER tombstone_is_never_emptied BEFORE TRUNCATE ON gateway_console.tombstone
    FOR EACH STATEMENT EXECUTE FUNCTION gateway_console.never_deleted();

CREATE FUNCTION gateway_console.checkpoint_is_of_a_line() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM gateway_console.lock_run(NEW.run_id);
    IF NOT EXISTS (SELECT 1 FROM gateway_console.line
        WHERE run_id = NEW.run_id AND seq = NEW.count AND sha256 = NEW.head) THEN
        RAISE EXCEPTION 'a checkpoint is of a line of its run' USING ERRCODE = 'GC012';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checkpoint_is_of_a_line BEFORE INSERT ON gateway_console.checkpoint
    FOR EACH ROW EXECUTE FUNCTION gateway_console.checkpoint_is_of_a_line();

CREATE FUNCTION gateway_console.tombstone_is_of_a_whole_run() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last record;
BEGIN
    PERFORM gateway_console.lock_run(NEW.run_id);
    SELECT seq, sha256 INTO last FROM gateway_console.line WHERE run_id = NEW.run_id ORDER BY seq DESC LIMIT 1;
    IF NEW.head IS DISTINCT FROM last.sha256 OR NEW.count IS DISTINCT FROM last.seq THEN
        -- A tombstone that is copied in from another ledger has no lines beside it.
        IF NOT (last IS NULL AND current_setting('gateway_console.copying', true) = 'on'
            AND pg_has_role(session_user, (SELECT relowner FROM pg_class
                WHERE oid = 'gateway_console.line'::regclass), 'MEMBER')) THEN
            RAISE EXCEPTION 'a tombstone is of the last line of its run' USING ERRCODE = 'GC012';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tombstone_is_of_a_whole_run BEFORE INSERT ON gateway_console.tombstone
    FOR EACH ROW EXECUTE FUNCTION gateway_console.tombstone_is_of_a_whole_run();

CREATE FUNCTION gateway_console.artifact_is_counted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    total record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE gateway_console.artifact_total SET bytes = bytes - OLD.size;
        RETURN NULL;
    END IF;
    UPDATE gateway_console.artifact_total SET bytes = bytes + NEW.size RETURNING bytes, most INTO total;
    IF total.bytes > total.most THEN
        RAISE EXCEPTION 'the artifacts in this store would have % bytes together, and may have %; prune old runs, or'
            ' raise gateway_console.artifact_total.most', total.bytes, total.most USING ERRCODE = 'GC013';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER artifact_is_counted AFTER INSERT OR DELETE ON gateway_console.artifact
    FOR EACH ROW EXECUTE FUNCTION gateway_console.artifact_is_counted();
CREATE TRIGGER artifact_is_never_changed BEFORE UPDATE ON gateway_console.artifact
    FOR EACH ROW EXECUTE FUNCTION gateway_console.never_changed();

-- What operators and workers may do beside inserting and selecting. Each does one thing, with the owner's rights.
CREATE FUNCTION gateway_console.now_ms() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

CREATE FUNCTION gateway_console.put_run(
    wanted text, its_repository text, its_gate text, its_status text, its_start bigint, its_update bigint,
    its_attempt bigint, simulated boolean, its_verdict text, its_category text, its_operator text
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO gateway_console.run AS run (run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt,
            is_simulated, verdict, category, operator)
        SELECT wanted, its_repository, its_gate, its_status, its_start, its_update, its_attempt, simulated, its_verdict,
            its_category, its_operator
        WHERE EXISTS (SELECT 1 FROM gateway_console.line WHERE line.run_id = wanted)
        ON CONFLICT (run_id) DO UPDATE SET repository = excluded.repository, gate = excluded.gate,
            status = excluded.status, started_at_ms = excluded.started_at_ms, updated_at_ms = excluded.updated_at_ms,
            attempt = excluded.attempt, is_simulated = excluded.is_simulated, verdict = excluded.verdict,
            category = excluded.category, operator = excluded.operator, changed_in = pg_current_xact_id()
$$;

CREATE FUNCTION gateway_console.forget_runs() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM gateway_console.run
$$;

CREATE FUNCTION gateway_console.take_lease(
    wanted text, seen_fence bigint, its_name text, its_host text, its_pid bigint, its_start bigint, lasts_ms bigint
) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO gateway_console.lease AS lease (run_id, fence, name, host, pid, started, is_held, until_ms)
        SELECT wanted, seen_fence + 1, left(its_name, 64), left(its_host, 64), its_pid, its_start, true,
            gateway_console.now_ms() + least(lasts_ms, 60000)
        -- A first fence near the last number would leave none for who takes the run next.
        WHERE seen_fence = 0 OR EXISTS (SELECT 1 FROM gateway_console.lease AS known WHERE known.run_id = wanted)
        ON CONFLICT (run_id) DO UPDATE SET fence = excluded.fence, name = excluded.name, host = excluded.host,
            pid = excluded.pid, started = excluded.started, is_held = true, until_ms = excluded.until_ms
            WHERE lease.fence = seen_fence
        RETURNING fence
$$;

CREATE FUNCTION gateway_console.keep_lease(wanted text, its_fence bigint, is_kept boolean, lasts_ms bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE gateway_console.lease SET is_held = is_kept,
        until_ms = CASE WHEN is_kept THEN gateway_console.now_ms() + least(lasts_ms, 60000) ELSE until_ms END
        WHERE run_id = wanted AND fence = its_fence AND is_held
$$;

CREATE FUNCTION gateway_console.prune(
    wanted text, its_log text, its_count bigint, its_head text, its_time bigint, its_signature text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO gateway_console.tombstone (run_id, log_id, count, head, at_ms, signature)
        VALUES (wanted, its_log, its_count, its_head, its_time, its_signature);
    DELETE FROM gateway_console.line WHERE run_id = wanted;
    DELETE FROM gateway_console.checkpoint WHERE run_id = wanted;
    DELETE FROM gateway_console.run WHERE run_id = wanted;
    DELETE FROM gateway_console.lease WHERE run_id = wanted;
END $$;

CREATE FUNCTION gateway_console.delete_artifact(wanted text) RETURNS boolean LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (DELETE FROM gateway_console.artifact WHERE sha256 = wanted RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM gone)
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gateway_console FROM PUBLIC;
