-- A ledger's file as version 1 of the schema made it.
CREATE TABLE log (one INTEGER PRIMARY KEY CHECK (one = 1), log_id TEXT NOT NULL) STRICT;
CREATE TABLE line (
  place INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  log_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  at_ms INTEGER NOT NULL,
  actor BLOB NOT NULL,
  kind TEXT NOT NULL,
  gate TEXT,
  attempt INTEGER NOT NULL,
  call_id TEXT,
  body BLOB NOT NULL,
  previous TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  UNIQUE (run_id, seq)
) STRICT;
CREATE UNIQUE INDEX decided_once ON line (run_id, gate, attempt) WHERE kind = 'GateDecided';
CREATE UNIQUE INDEX intended_once ON line (run_id, call_id) WHERE kind = 'CallIntended';
CREATE UNIQUE INDEX ended_once ON line (run_id, call_id) WHERE kind IN ('CallRecorded', 'CallFailed', 'CallLost');
CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line
  BEGIN SELECT RAISE(ABORT, 'a line is never changed'); END;
CREATE TRIGGER line_is_never_deleted BEFORE DELETE ON line
  BEGIN SELECT RAISE(ABORT, 'a line is never deleted'); END;
CREATE TRIGGER line_is_the_next BEFORE INSERT ON line
  WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM line WHERE run_id = NEW.run_id), 0)
  BEGIN SELECT RAISE(ABORT, 'a line follows the last one'); END;
CREATE TRIGGER call_was_intended BEFORE INSERT ON line
  WHEN NEW.kind IN ('CallRecorded', 'CallFailed', 'CallLost') AND NOT EXISTS (
      SELECT 1 FROM line WHERE run_id = NEW.run_id AND call_id = NEW.call_id AND kind = 'CallIntended')
  BEGIN SELECT RAISE(ABORT, 'only a call that was intended ends'); END;
CREATE TABLE run (
  number INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  repository TEXT NOT NULL,
  gate TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  is_simulated INTEGER NOT NULL
) STRICT;
CREATE TABLE lease (
  run_id TEXT PRIMARY KEY,
  fence INTEGER NOT NULL,
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started INTEGER NOT NULL,
  is_held INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  until_boot_ms INTEGER NOT NULL
) STRICT;
PRAGMA application_id = 1735871537;
PRAGMA user_version = 1;
