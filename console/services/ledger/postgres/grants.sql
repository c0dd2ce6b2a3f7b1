-- The rights of operators and workers. They are groups: grant them to the users of your people and servers, as in
--     GRANT gateway_console_operator TO mia;
-- gateway_console_admin is for who may prune old runs; grant it beside the other.
-- Run it again after each store migrate. It needs the right to create roles, the first time.
DO $$
BEGIN
    IF to_regrole('gateway_console_operator') IS NULL THEN
        CREATE ROLE gateway_console_operator NOLOGIN;
    END IF;
    IF to_regrole('gateway_console_worker') IS NULL THEN
        CREATE ROLE gateway_console_worker NOLOGIN;
    END IF;
    IF to_regrole('gateway_console_admin') IS NULL THEN
        CREATE ROLE gateway_console_admin NOLOGIN;
    END IF;
END $$;

REVOKE ALL ON SCHEMA gateway_console FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA gateway_console FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gateway_console FROM PUBLIC;
GRANT USAGE ON SCHEMA gateway_console TO gateway_console_operator, gateway_console_worker;

-- 0001_ledger.sql: the truth is inserted and read, and nothing else; the rest goes through functions.
GRANT SELECT ON gateway_console.migration, gateway_console.log, gateway_console.line, gateway_console.run,
    gateway_console.lease, gateway_console.checkpoint, gateway_console.tombstone, gateway_console.artifact,
    gateway_console.artifact_total TO gateway_console_operator, gateway_console_worker;
GRANT INSERT ON gateway_console.line, gateway_console.checkpoint, gateway_console.artifact
    TO gateway_console_operator, gateway_console_worker;
GRANT EXECUTE ON FUNCTION gateway_console.lock_run, gateway_console.now_ms, gateway_console.put_run,
    gateway_console.take_lease, gateway_console.keep_lease TO gateway_console_operator, gateway_console_worker;
GRANT EXECUTE ON FUNCTION gateway_console.prune, gateway_console.delete_artifact, gateway_console.forget_runs
    TO gateway_console_admin;

-- 0002_operators.sql: who the operators are is read by all, and changed by who owns the tables.
GRANT SELECT ON gateway_console.operator TO gateway_console_operator, gateway_console_worker;
GRANT EXECUTE ON FUNCTION gateway_console.look, gateway_console.leave, gateway_console.who_looks
    TO gateway_console_operator, gateway_console_worker;

-- 0004_workers.sql: everyone rings and sees who is at work; workers also say what they do, and work on the jobs.
GRANT SELECT ON gateway_console.jobs_version, gateway_console.worker, gateway_console.watch_state
    TO gateway_console_operator, gateway_console_worker;
GRANT EXECUTE ON FUNCTION gateway_console.ring, gateway_console.workers, gateway_console.queues,
    gateway_console.has_jobs TO gateway_console_operator, gateway_console_worker;
GRANT EXECUTE ON FUNCTION gateway_console.keep_worker, gateway_console.forget_worker, gateway_console.reap,
    gateway_console.hand_on, gateway_console.keep_watch TO gateway_console_worker;
DO $$
BEGIN
    IF to_regnamespace('gateway_console_jobs') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA gateway_console_jobs TO gateway_console_worker;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA gateway_console_jobs TO gateway_console_worker;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA gateway_console_jobs TO gateway_console_worker;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA gateway_console_jobs TO gateway_console_worker;
    END IF;
END $$;

-- 0003_profiles.sql: a cache of what was seen last, which functions alone write.
GRANT SELECT ON gateway_console.profile_state, gateway_console.route_state, gateway_console.profile_cost
    TO gateway_console_operator, gateway_console_worker;
GRANT EXECUTE ON FUNCTION gateway_console.keep_states, gateway_console.forget_profile
    TO gateway_console_operator, gateway_console_worker;
