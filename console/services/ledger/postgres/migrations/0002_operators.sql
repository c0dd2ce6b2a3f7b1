-- Who may act in this store, what needs two of them, and who looks at which run now.
--
-- Every rule here holds whoever writes, also for raw SQL. A person is told apart by the SSH key that signs and by the
-- database user of the session: `session_user`, which neither SET ROLE nor a function changes.

CREATE FUNCTION gateway_console.fingerprint_of(public_key text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'SHA256:' || rtrim(encode(sha256(decode(split_part(public_key, ' ', 2), 'base64')), 'base64'), '=')
$$;

CREATE TABLE gateway_console.operator (
    fingerprint text PRIMARY KEY,
    name text NOT NULL CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}$'),
    database_user text NOT NULL CHECK (length(database_user) BETWEEN 1 AND 63),
    public_key text NOT NULL CHECK (length(public_key) <= 8192),
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz,
    CHECK (fingerprint = gateway_console.fingerprint_of(public_key))
);
COMMENT ON TABLE gateway_console.operator IS
    'The keys that may act here, each bound to a database user. While it is empty, no identity is enforced.';

-- A name stands for one person: two keys share it only if they have one database user.
CREATE FUNCTION gateway_console.operator_is_one_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF TG_OP = 'DELETE' OR OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
            OR (OLD.fingerprint, OLD.name, OLD.database_user, OLD.public_key, OLD.added_at)
                IS DISTINCT FROM (NEW.fingerprint, NEW.name, NEW.database_user, NEW.public_key, NEW.added_at)
        THEN
            RAISE EXCEPTION 'an operator is never changed or deleted: the key is revoked, and another one added'
                USING ERRCODE = 'GC001';
        END IF;
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('gateway_console.operator'));
    IF EXISTS (SELECT FROM operator o WHERE o.name = NEW.name AND o.database_user <> NEW.database_user)
        OR EXISTS (SELECT FROM operator o WHERE o.database_user = NEW.database_user AND o.name <> NEW.name)
    THEN
        RAISE EXCEPTION 'the name % and the database user % stand for one person each: one of them is another operator''s',
            NEW.name, NEW.database_user USING ERRCODE = 'GC001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER operator_is_one_person BEFORE INSERT OR UPDATE OR DELETE ON gateway_console.operator
    FOR EACH ROW EXECUTE FUNCTION gateway_console.operator_is_one_person();

-- A ledger is copied in as it is. Only who owns the lines may copy, and says so for the transaction.
CREATE FUNCTION gateway_console.is_copying() RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(current_setting('gateway_console.copying', true), '') = 'on' AND pg_has_role(
        session_user, (SELECT relowner FROM pg_class WHERE oid = 'gateway_console.line'::regclass), 'MEMBER')
$$;

-- The key in an OpenSSH signature (PROTOCOL.sshsig): its text is base64, and the key follows the magic and a version.
CREATE FUNCTION gateway_console.signer_of(signature text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    data bytea := decode(signature, 'base64');
    size integer := ('x' || encode(substring(data FROM 11 FOR 4), 'hex'))::bit(32)::integer;
BEGIN
    IF substring(data FROM 1 FOR 6) <> 'SSHSIG'::bytea OR size NOT BETWEEN 1 AND length(data) - 14 THEN
        RETURN NULL;
    END IF;
    RETURN 'SHA256:' || rtrim(encode(sha256(substring(data FROM 15 FOR size)), 'base64'), '=');
END $$;

-- --- Who wrote a line -------------------------------------------------------------------------------------------------

CREATE FUNCTION gateway_console.line_is_by_its_operator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
DECLARE
    actor jsonb := convert_from(NEW.actor, 'UTF8')::jsonb;
    key text := actor ->> 'key_fingerprint';
    known gateway_console.operator%ROWTYPE;
BEGIN
    IF actor ->> 'kind' <> 'operator' OR is_copying() OR NOT EXISTS (SELECT FROM operator) THEN
        RETURN NEW;
    END IF;
    IF key IS NULL THEN
        RAISE EXCEPTION 'this store knows its operators by their keys: set operator_key in the policy to yours'
            USING ERRCODE = 'GC001';
    END IF;
    SELECT * INTO known FROM operator o WHERE o.fingerprint = key;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the key % does not belong to an operator of this store: an administrator adds it with'
            ' gateway-console operator add', key USING ERRCODE = 'GC001';
    ELSIF known.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'the key of % was revoked on %', known.name, to_char(known.revoked_at AT TIME ZONE 'UTC',
            'YYYY-MM-DD') USING ERRCODE = 'GC001';
    ELSIF known.database_user <> session_user THEN
        RAISE EXCEPTION 'the key of % belongs to another database user than %', known.name, session_user
            USING ERRCODE = 'GC001';
    ELSIF known.name <> actor ->> 'id' THEN
        RAISE EXCEPTION 'this key is of %, and the line names %', known.name, actor ->> 'id' USING ERRCODE = 'GC001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER line_is_by_its_operator BEFORE INSERT ON gateway_console.line
    FOR EACH ROW EXECUTE FUNCTION gateway_console.line_is_by_its_operator();

-- --- What needs two operators -----------------------------------------------------------------------------------------

CREATE TABLE gateway_console.decision_author (
    run_id text NOT NULL,
    seq bigint NOT NULL,
    database_user text NOT NULL,
    PRIMARY KEY (run_id, seq)
);
COMMENT ON TABLE gateway_console.decision_author IS
    'The database user behind each signature and decision: two keys of one person are one operator.';

CREATE FUNCTION gateway_console.author_is_noted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM decision_author a WHERE a.run_id = OLD.run_id AND a.seq = OLD.seq;
    ELSIF NOT is_copying() THEN
        INSERT INTO decision_author VALUES (NEW.run_id, NEW.seq, session_user);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER author_is_noted AFTER INSERT ON gateway_console.line
    FOR EACH ROW WHEN (NEW.kind IN ('OperatorSigned', 'GateDecided'))
    EXECUTE FUNCTION gateway_console.author_is_noted();
CREATE TRIGGER author_is_forgotten AFTER DELETE ON gateway_console.line
    FOR EACH ROW WHEN (OLD.kind IN ('OperatorSigned', 'GateDecided'))
    EXECUTE FUNCTION gateway_console.author_is_noted();

-- The signatures of who began a run and of who passed its draft in an attempt; a NULL key for each unsigned one.
CREATE FUNCTION gateway_console.operators_behind(of_run text, of_attempt bigint)
    RETURNS TABLE (key text, database_user text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
    WITH behind (seq) AS (
        SELECT (SELECT min(l.seq) FROM line l WHERE l.run_id = of_run AND l.kind = 'OperatorSigned'
            AND l.seq < coalesce((SELECT min(o.seq) FROM line o WHERE o.run_id = of_run AND o.kind = 'GateOpened'), 0))
        UNION ALL
        SELECT d.seq - 1 FROM line d
            WHERE d.run_id = of_run AND d.kind = 'GateDecided' AND d.gate = 'writer' AND d.attempt = of_attempt
    )
    SELECT convert_from(l.body, 'UTF8')::jsonb ->> 'key_fingerprint', a.database_user
    FROM behind b
    LEFT JOIN line l ON l.run_id = of_run AND l.seq = b.seq AND l.kind = 'OperatorSigned'
    LEFT JOIN decision_author a ON a.run_id = of_run AND a.seq = b.seq
$$;

CREATE FUNCTION gateway_console.line_has_its_operators() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
DECLARE
    actor jsonb := convert_from(NEW.actor, 'UTF8')::jsonb;
    body jsonb := convert_from(NEW.body, 'UTF8')::jsonb;
    own_key text := actor ->> 'key_fingerprint';
    before gateway_console.line%ROWTYPE;
    is_strict boolean;
    four_eyes boolean;
BEGIN
    IF is_copying() THEN
        RETURN NEW;
    END IF;
    IF actor ->> 'kind' <> 'operator' AND NOT (NEW.kind = 'GateDecided' AND (body ->> 'is_machine')::boolean)
        AND NEW.kind <> 'CandidateSealed'
    THEN
        RAISE EXCEPTION 'only an operator signs, decides or hands a run over' USING ERRCODE = 'GC001';
    END IF;
    IF NEW.kind = 'OperatorSigned' THEN
        IF own_key IS NULL OR own_key <> body ->> 'key_fingerprint'
            OR own_key IS DISTINCT FROM signer_of(body ->> 'signature')
        THEN
            RAISE EXCEPTION 'the signature was not made with the operator''s own key' USING ERRCODE = 'GC002';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO before FROM line l WHERE l.run_id = NEW.run_id AND l.seq = NEW.seq - 1;
    IF NEW.kind = 'CandidateSealed' THEN
        IF before.kind IS DISTINCT FROM 'GateDecided' OR before.gate IS DISTINCT FROM 'candidate'
            OR convert_from(before.body, 'UTF8')::jsonb ->> 'verdict' <> 'ready'
        THEN
            RAISE EXCEPTION 'a candidate is sealed by the decision ready at its gate' USING ERRCODE = 'GC002';
        END IF;
        RETURN NEW;
    END IF;
    SELECT (convert_from(l.body, 'UTF8')::jsonb #>> '{policy,four_eyes}')::boolean INTO four_eyes
        FROM line l WHERE l.run_id = NEW.run_id AND l.seq = 1 AND l.kind = 'RunCreated';
    IF NEW.kind <> 'GateDecided' OR NOT coalesce(four_eyes, false) THEN
        RETURN NEW;
    END IF;
    IF (body ->> 'is_machine')::boolean THEN
        RAISE EXCEPTION 'the policy requires two operators, so no verdict is accepted automatically'
            USING ERRCODE = 'GC002';
    ELSIF body ->> 'verdict' = 'block' THEN
        RETURN NEW;
    END IF;
    IF own_key IS NULL OR before.kind IS DISTINCT FROM 'OperatorSigned'
        OR convert_from(before.body, 'UTF8')::jsonb ->> 'key_fingerprint' <> own_key
    THEN
        RAISE EXCEPTION 'the policy requires two operators: this decision has to be signed by who makes it'
            USING ERRCODE = 'GC002';
    END IF;
    IF NEW.gate <> 'candidate' OR body ->> 'verdict' <> 'ready' THEN
        RETURN NEW;
    END IF;
    is_strict := EXISTS (SELECT FROM operator);
    IF EXISTS (SELECT FROM operators_behind(NEW.run_id, NEW.attempt) b
        WHERE b.key = own_key OR (is_strict AND b.database_user = session_user))
    THEN
        RAISE EXCEPTION 'the policy requires an operator who neither began the run nor passed its draft'
            USING ERRCODE = 'GC002';
    ELSIF EXISTS (SELECT FROM operators_behind(NEW.run_id, NEW.attempt) b WHERE b.key IS NULL) THEN
        RAISE EXCEPTION 'who began the run or passed its draft did not sign, so two operators cannot be told apart'
            USING ERRCODE = 'GC002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER line_has_its_operators BEFORE INSERT ON gateway_console.line
    FOR EACH ROW
    WHEN (NEW.kind IN ('OperatorSigned', 'GateDecided', 'CandidateSealed', 'HandedOver', 'CallRepeatAllowed'))
    EXECUTE FUNCTION gateway_console.line_has_its_operators();

-- --- Who looks at which run -------------------------------------------------------------------------------------------

-- One row a console, written in place: the page has room for the next version, and no index has the time.
CREATE UNLOGGED TABLE gateway_console.presence (
    console text PRIMARY KEY CHECK (console ~ '^[0-9a-f]{32}$'),
    run_id text NOT NULL CHECK (run_id ~ '^[0-9A-HJKMNP-TV-Z]{26}$'),
    name text NOT NULL CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}$'),
    host text NOT NULL CHECK (host ~ '^[0-9a-f]{12}$'),
    database_user text NOT NULL,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION gateway_console.who_looks(at_run text, but_console text DEFAULT '')
    RETURNS TABLE (name text, host text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
    SELECT DISTINCT p.name, p.host FROM presence p
    WHERE p.run_id = at_run AND p.console <> but_console AND p.seen_at > clock_timestamp() - interval '15 seconds'
    ORDER BY 1, 2
$$;

-- A console looks at a run, or goes on looking: one beat each 5 s. The others are told only when one comes or goes.
CREATE FUNCTION gateway_console.look(by_console text, at_run text, key text, named text, on_host text)
    RETURNS TABLE (name text, host text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
#variable_conflict use_column
DECLARE
    known text := named;
    was_at text;
BEGIN
    IF EXISTS (SELECT FROM operator) THEN
        SELECT o.name INTO known FROM operator o
            WHERE o.fingerprint = key AND o.database_user = session_user AND o.revoked_at IS NULL;
        known := coalesce(known, left(regexp_replace(session_user, '[^A-Za-z0-9._@+-]', '_', 'g'), 64));
    END IF;
    SELECT p.run_id INTO was_at FROM presence p
        WHERE p.console = by_console AND p.seen_at > clock_timestamp() - interval '15 seconds';
    INSERT INTO presence AS p VALUES (by_console, at_run, known, on_host, session_user, clock_timestamp())
        ON CONFLICT (console) DO UPDATE SET run_id = EXCLUDED.run_id, name = EXCLUDED.name, seen_at = EXCLUDED.seen_at
        WHERE p.database_user = session_user;
    IF was_at IS DISTINCT FROM at_run THEN
        DELETE FROM presence p WHERE p.seen_at < clock_timestamp() - interval '1 minute';
        PERFORM pg_notify('gateway_console_presence', at_run);
        IF was_at IS NOT NULL THEN
            PERFORM pg_notify('gateway_console_presence', was_at);
        END IF;
    END IF;
    RETURN QUERY SELECT w.name, w.host FROM who_looks(at_run, by_console) w;
END $$;

CREATE FUNCTION gateway_console.leave(by_console text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gateway_console, pg_temp AS $$
DECLARE
    was_at text;
BEGIN
    DELETE FROM presence p WHERE p.console = by_console AND p.database_user = session_user RETURNING p.run_id INTO was_at;
    IF was_at IS NOT NULL THEN
        PERFORM pg_notify('gateway_console_presence', was_at);
    END IF;
END $$;

REVOKE ALL ON FUNCTION
    gateway_console.look(text, text, text, text, text), gateway_console.leave(text),
    gateway_console.who_looks(text, text), gateway_console.operators_behind(text, bigint) FROM PUBLIC;
