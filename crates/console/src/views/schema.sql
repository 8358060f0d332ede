-- The read views: a projection of the log with its position. Another version is dropped and built again.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER NOT NULL, idx INTEGER NOT NULL,
    time INTEGER NOT NULL, logtime INTEGER NOT NULL,
    entity TEXT NOT NULL, account TEXT,
    kind TEXT NOT NULL, writer TEXT NOT NULL, source TEXT NOT NULL,
    contact TEXT, actor TEXT, late INTEGER NOT NULL,
    data TEXT NOT NULL, personal TEXT,
    PRIMARY KEY (seq, idx)
) WITHOUT ROWID;
CREATE INDEX events_account ON events (account, seq DESC, idx DESC) WHERE account IS NOT NULL;

CREATE TABLE accounts (
    account TEXT PRIMARY KEY,
    name TEXT, kind TEXT, segment TEXT, stage TEXT, owner TEXT, zone TEXT,
    seats INTEGER, arr_minor INTEGER, currency TEXT, renews_on INTEGER, ended INTEGER NOT NULL DEFAULT 0,
    machine INTEGER, final INTEGER, band TEXT, coverage INTEGER, confidence INTEGER,
    scored_at INTEGER, scored_seq INTEGER, scored_idx INTEGER,
    p90 INTEGER, tier TEXT, forecast_at INTEGER, forecast_seq INTEGER, forecast_idx INTEGER,
    last_event INTEGER NOT NULL DEFAULT 0, last_touch INTEGER
) WITHOUT ROWID;

CREATE TABLE health (
    account TEXT NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL,
    machine INTEGER NOT NULL, final INTEGER NOT NULL, band TEXT NOT NULL,
    PRIMARY KEY (account, at, seq, idx)
) WITHOUT ROWID;

CREATE TABLE contacts (
    account TEXT NOT NULL, contact TEXT NOT NULL,
    name TEXT, email TEXT, title TEXT, roles TEXT, zone TEXT, language TEXT,
    consent TEXT, left_on INTEGER, seen_at INTEGER NOT NULL, last_touch INTEGER,
    PRIMARY KEY (account, contact)
) WITHOUT ROWID;

CREATE TABLE proposals (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, contact TEXT NOT NULL,
    state TEXT NOT NULL, version INTEGER NOT NULL, play TEXT NOT NULL,
    proposed TEXT NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL, proposed_at INTEGER NOT NULL,
    filed_at INTEGER, rank INTEGER NOT NULL DEFAULT 0, due INTEGER, expires INTEGER NOT NULL, owner TEXT,
    decided_by TEXT, decided_at INTEGER, verdict TEXT, decided_version INTEGER, edited INTEGER,
    reason TEXT, hold_until INTEGER, decision_seq INTEGER, decision_idx INTEGER, bytes_hash TEXT,
    changed_at INTEGER NOT NULL, detail TEXT, reopened_by TEXT, queued INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX proposals_state ON proposals (state, rank DESC);
CREATE INDEX proposals_account ON proposals (account, proposed_at DESC);

CREATE TABLE decisions (
    seq INTEGER NOT NULL, idx INTEGER NOT NULL, id TEXT NOT NULL, proposal TEXT NOT NULL,
    by TEXT NOT NULL, at INTEGER NOT NULL, refused TEXT,
    PRIMARY KEY (seq, idx)
) WITHOUT ROWID;
CREATE INDEX decisions_id ON decisions (id);

CREATE TABLE alerts (
    alert TEXT PRIMARY KEY, account TEXT NOT NULL, cause TEXT NOT NULL, tier TEXT NOT NULL, reason TEXT NOT NULL,
    opened_at INTEGER NOT NULL, closed_at INTEGER, seq INTEGER NOT NULL, idx INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX alerts_account ON alerts (account, closed_at);

CREATE TABLE dead (
    seq INTEGER PRIMARY KEY, origin TEXT NOT NULL, at INTEGER NOT NULL,
    source_seq INTEGER, reason TEXT NOT NULL, kind TEXT, id TEXT, body TEXT NOT NULL, replayed INTEGER NOT NULL DEFAULT 0
);
