-- The fleet: what was seen last of each profile and route, and what calls cost in the last days.
-- A cache, and no truth: losing it loses nothing that the next sweep does not find again. The newest wins by its time,
-- so writers need no order, and writing twice changes nothing. Only keep_states writes.

CREATE TABLE gateway_console.profile_state (
    profile text NOT NULL CHECK (profile ~ '^[A-Za-z0-9_-]{1,40}$'),
    origin text NOT NULL CHECK (octet_length(origin) BETWEEN 1 AND 300),
    at_ms bigint NOT NULL CHECK (at_ms > 0),
    looker text NOT NULL CHECK (looker IN ('console', 'worker')),
    machine text NOT NULL CHECK (octet_length(machine) <= 63),
    problem text NOT NULL CHECK (octet_length(problem) <= 40),
    written_by name NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (profile, origin)
);

CREATE TABLE gateway_console.route_state (
    profile text NOT NULL CHECK (profile ~ '^[A-Za-z0-9_-]{1,40}$'),
    origin text NOT NULL CHECK (octet_length(origin) BETWEEN 1 AND 300),
    key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 100),
    model text NOT NULL CHECK (octet_length(model) <= 200),
    family text NOT NULL CHECK (octet_length(family) <= 40),
    mark text NOT NULL CHECK (octet_length(mark) BETWEEN 1 AND 40),
    at_ms bigint NOT NULL CHECK (at_ms > 0),
    kind text NOT NULL CHECK (octet_length(kind) <= 40),
    status text NOT NULL CHECK (octet_length(status) <= 40),
    rung smallint,
    category text NOT NULL CHECK (octet_length(category) <= 60),
    findings text NOT NULL CHECK (octet_length(findings) <= 600),
    PRIMARY KEY (profile, origin, key, model, family, mark)
);

CREATE TABLE gateway_console.profile_cost (
    id uuid PRIMARY KEY,
    profile text NOT NULL CHECK (profile ~ '^[A-Za-z0-9_-]{1,40}$'),
    origin text NOT NULL CHECK (octet_length(origin) BETWEEN 1 AND 300),
    at_ms bigint NOT NULL CHECK (at_ms > 0),
    microusd bigint NOT NULL CHECK (microusd > 0)
);

CREATE INDEX profile_cost_at ON gateway_console.profile_cost (at_ms);

-- Keeps what one console or worker saw. A state from the future would hide all later ones, so it is refused.
CREATE FUNCTION gateway_console.keep_states(seen jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_ms bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
    newest_ms bigint;
BEGIN
    SELECT max((each ->> 'at_ms')::bigint) INTO newest_ms
    FROM jsonb_array_elements((seen -> 'looks') || (seen -> 'ends') || (seen -> 'costs')) AS each;
    IF newest_ms > now_ms + 120000 THEN
        RAISE EXCEPTION 'a state is % s ahead of the database', (newest_ms - now_ms) / 1000 USING ERRCODE = 'GCF01';
    END IF;

    INSERT INTO gateway_console.profile_state AS known
    SELECT row.profile, row.origin, row.at_ms, row.looker, row.machine, row.problem,
        session_user, clock_timestamp()
    FROM jsonb_to_recordset(seen -> 'looks') AS row(
        profile text, origin text, at_ms bigint, looker text, machine text, problem text)
    ORDER BY row.profile, row.origin
    ON CONFLICT (profile, origin) DO UPDATE SET
        at_ms = excluded.at_ms, looker = excluded.looker, machine = excluded.machine, problem = excluded.problem,
        written_by = excluded.written_by, written_at = excluded.written_at
    WHERE known.at_ms < excluded.at_ms;

    INSERT INTO gateway_console.route_state AS known
    SELECT row.profile, row.origin, row.key, row.model, row.family, row.mark, row.at_ms, row.kind, row.status,
        row.rung, row.category, row.findings
    FROM jsonb_to_recordset(seen -> 'ends') AS row(
        profile text, origin text, key text, model text, family text, mark text, at_ms bigint, kind text,
        status text, rung smallint, category text, findings text)
    ORDER BY row.profile, row.origin, row.key, row.model, row.family, row.mark
    ON CONFLICT (profile, origin, key, model, family, mark) DO UPDATE SET
        at_ms = excluded.at_ms, kind = excluded.kind, status = excluded.status, rung = excluded.rung,
        category = excluded.category, findings = excluded.findings
    WHERE known.at_ms < excluded.at_ms;

    INSERT INTO gateway_console.profile_cost
    SELECT row.id, row.profile, row.origin, row.at_ms, row.microusd
    FROM jsonb_to_recordset(seen -> 'costs') AS row(
        id uuid, profile text, origin text, at_ms bigint, microusd bigint)
    ON CONFLICT (id) DO NOTHING;

    DELETE FROM gateway_console.profile_cost WHERE id IN (
        SELECT old.id FROM gateway_console.profile_cost AS old WHERE old.at_ms < now_ms - 8 * 86400000::bigint
        ORDER BY old.at_ms LIMIT 500 FOR UPDATE SKIP LOCKED);

    PERFORM pg_notify('gateway_console_fleet', '');
END
$$;

-- Forgets a profile that is not used any more; the next look at it brings it back.
CREATE FUNCTION gateway_console.forget_profile(gone_profile text, gone_origin text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM gateway_console.profile_state WHERE profile = gone_profile AND origin = gone_origin;
    DELETE FROM gateway_console.route_state WHERE profile = gone_profile AND origin = gone_origin;
    DELETE FROM gateway_console.profile_cost WHERE profile = gone_profile AND origin = gone_origin;
    SELECT pg_notify('gateway_console_fleet', '');
$$;

REVOKE ALL ON FUNCTION gateway_console.keep_states(jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION gateway_console.forget_profile(text, text) FROM PUBLIC;
