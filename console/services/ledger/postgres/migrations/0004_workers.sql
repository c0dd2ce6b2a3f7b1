-- Workers: who is at work, the bell that calls them, and the reaper of jobs whose worker died.
--
-- Procrastinate keeps its own tables in the schema gateway_console_jobs. Whoever appends to a run needs no right on
-- them: the truth rings the bell, in the transaction that stores the line. Without those tables nothing rings, and the
-- minute's look at all runs finds what is due.

CREATE TABLE gateway_console.jobs_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    newest text NOT NULL CHECK (octet_length(newest) BETWEEN 1 AND 200)
);

-- A cache of what each worker said last; its heartbeat is Procrastinate's.
CREATE TABLE gateway_console.worker (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9-]{1,40}$'),
    job_worker bigint NOT NULL,
    host text NOT NULL CHECK (octet_length(host) <= 64),
    version text NOT NULL CHECK (octet_length(version) <= 40),
    since_ms bigint NOT NULL,
    said jsonb NOT NULL CHECK (octet_length(said::text) <= 65536),
    written_by name NOT NULL
);

CREATE FUNCTION gateway_console.keep_worker(
    kept_name text, kept_worker bigint, kept_host text, kept_version text, kept_since_ms bigint, kept_said jsonb
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO gateway_console.worker AS known
    VALUES (kept_name, kept_worker, kept_host, kept_version, kept_since_ms, kept_said, session_user)
    ON CONFLICT (name) DO UPDATE SET
        job_worker = excluded.job_worker, host = excluded.host, version = excluded.version,
        since_ms = excluded.since_ms, said = excluded.said, written_by = excluded.written_by
    WHERE known.written_by = excluded.written_by;
END
$$;

CREATE FUNCTION gateway_console.forget_worker(gone_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM gateway_console.worker WHERE name = gone_name AND written_by = session_user;
$$;

CREATE FUNCTION gateway_console.has_jobs() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT to_regclass('gateway_console_jobs.procrastinate_jobs') IS NOT NULL;
$$;

-- Asks the workers to look at a run. A job that waits already is kept from being fetched until this transaction ends:
-- otherwise a worker could look between the two, and find nothing new.
CREATE FUNCTION gateway_console.ring(rung_run text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = gateway_console_jobs, pg_catalog, pg_temp AS $$
BEGIN
    IF NOT gateway_console.has_jobs() THEN
        RETURN;
    END IF;
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
    VALUES ('runs', 'look_at_run', 'run ' || rung_run, 'run ' || rung_run, jsonb_build_object('run_id', rung_run))
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET queue_name = 'runs', args = excluded.args;
    PERFORM pg_notify('procrastinate_any_queue_v1', '{"type": "job_inserted", "job_id": 0}');
    PERFORM pg_notify('procrastinate_queue_v1#runs', '{"type": "job_inserted", "job_id": 0}');
END
$$;

-- Asks one worker for a look that others passed over.
CREATE FUNCTION gateway_console.hand_on(handed_run text, to_worker text, passed_by text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = gateway_console_jobs, pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
    VALUES ('worker ' || to_worker, 'look_at_run', 'run ' || handed_run, 'run ' || handed_run || ' for ' || to_worker,
        jsonb_build_object('run_id', handed_run, 'passed', passed_by))
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING;
END
$$;

CREATE FUNCTION gateway_console.ring_for_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('gateway_console.copying', true), '') <> 'on'
        AND convert_from(NEW.actor, 'UTF8')::jsonb ->> 'kind' = 'operator' THEN  -- what a console adds needs no look
        PERFORM gateway_console.ring(NEW.run_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER z_line_rings AFTER INSERT ON gateway_console.line
FOR EACH ROW EXECUTE FUNCTION gateway_console.ring_for_line();

-- Fails jobs whose worker has given no heartbeat, and asks for a new look at their runs, all in one: none is done
-- again. What a worker was handed that is gone goes back to all.
CREATE FUNCTION gateway_console.reap(after_s integer) RETURNS TABLE (reaped_job bigint, reaped_run text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = gateway_console_jobs, pg_catalog, pg_temp AS $$
DECLARE
    stalled record;
BEGIN
    IF NOT gateway_console.has_jobs() THEN
        RETURN;
    END IF;
    FOR stalled IN
        SELECT job.id, job.args ->> 'run_id' AS run_id
        FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.status = 'doing'
            AND (worker.id IS NULL OR worker.last_heartbeat < clock_timestamp() - make_interval(secs => after_s))
        ORDER BY job.id FOR UPDATE OF job SKIP LOCKED
    LOOP
        PERFORM procrastinate_finish_job_v1(stalled.id, 'failed', false);
        IF stalled.run_id IS NOT NULL THEN
            PERFORM gateway_console.ring(stalled.run_id);
        END IF;
        reaped_job := stalled.id;
        reaped_run := stalled.run_id;
        RETURN NEXT;
    END LOOP;
    UPDATE procrastinate_jobs AS job SET queue_name = 'runs'
    WHERE job.status = 'todo' AND job.queue_name LIKE 'worker %' AND NOT EXISTS (
        SELECT FROM gateway_console.worker AS known JOIN procrastinate_workers AS worker ON worker.id = known.job_worker
        WHERE job.queue_name = 'worker ' || known.name
            AND worker.last_heartbeat >= clock_timestamp() - make_interval(secs => after_s));
    DELETE FROM gateway_console.worker AS known WHERE NOT EXISTS (
        SELECT FROM procrastinate_workers AS worker
        WHERE worker.id = known.job_worker AND worker.last_heartbeat >= clock_timestamp() - interval '1 hour');
END
$$;

-- Says who is at work, for everyone who may read the store.
CREATE FUNCTION gateway_console.workers()
RETURNS TABLE (name text, host text, version text, since_ms bigint, beat_ms bigint, age_ms bigint, said jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = gateway_console_jobs, pg_catalog, pg_temp AS $$
BEGIN
    IF NOT gateway_console.has_jobs() THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT known.name, known.host, known.version, known.since_ms,
        (extract(epoch FROM worker.last_heartbeat) * 1000)::bigint,
        greatest(0, extract(epoch FROM clock_timestamp() - worker.last_heartbeat) * 1000)::bigint, known.said
    FROM gateway_console.worker AS known JOIN procrastinate_workers AS worker ON worker.id = known.job_worker
    ORDER BY known.since_ms, known.name;
END
$$;

-- Counts the jobs of each kind; those that failed in the last day, of which the newest are named.
CREATE FUNCTION gateway_console.queues()
RETURNS TABLE (task text, waiting bigint, running bigint, failed bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = gateway_console_jobs, pg_catalog, pg_temp AS $$
BEGIN
    IF NOT gateway_console.has_jobs() THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT job.task_name::text, count(*) FILTER (WHERE job.status = 'todo'),
        count(*) FILTER (WHERE job.status = 'doing'),
        count(*) FILTER (WHERE job.status IN ('failed', 'aborted') AND EXISTS (
            SELECT FROM procrastinate_events AS event
            WHERE event.job_id = job.id AND event.at > clock_timestamp() - interval '1 day'))
    FROM procrastinate_jobs AS job GROUP BY job.task_name ORDER BY job.task_name;
END
$$;

-- What a watch knew of a profile after its last round, so that another worker goes on and tells nothing twice.
CREATE TABLE gateway_console.watch_state (
    profile text NOT NULL CHECK (profile ~ '^[A-Za-z0-9_-]{1,40}$'),
    config_sha256 text NOT NULL CHECK (config_sha256 ~ '^[0-9a-f]{64}$'),
    state bytea NOT NULL CHECK (octet_length(state) <= 4194304),
    at_ms bigint NOT NULL,
    PRIMARY KEY (profile, config_sha256)
);

CREATE FUNCTION gateway_console.keep_watch(kept_profile text, kept_config text, kept_state bytea, kept_at_ms bigint)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO gateway_console.watch_state AS known VALUES (kept_profile, kept_config, kept_state, kept_at_ms)
    ON CONFLICT (profile, config_sha256) DO UPDATE SET state = excluded.state, at_ms = excluded.at_ms
    WHERE known.at_ms <= excluded.at_ms;
$$;

REVOKE ALL ON FUNCTION
    gateway_console.keep_worker(text, bigint, text, text, bigint, jsonb), gateway_console.forget_worker(text),
    gateway_console.has_jobs(), gateway_console.ring(text), gateway_console.ring_for_line(),
    gateway_console.hand_on(text, text, text[]),
    gateway_console.reap(integer), gateway_console.workers(), gateway_console.queues(),
    gateway_console.keep_watch(text, text, bytea, bigint) FROM PUBLIC;
