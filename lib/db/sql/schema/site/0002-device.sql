-- What proves who a gateway is. A certificate outlives its thing here: the revocation list is made from these rows.
CREATE TABLE certificate (
    serial TEXT PRIMARY KEY,         -- hexadecimal, upper case
    thing TEXT NOT NULL,             -- its CN
    fingerprint TEXT NOT NULL,       -- SHA-256 of the DER, hexadecimal
    own_key BIGINT NOT NULL,         -- 1: the key never left the gateway (CSR)
    state TEXT NOT NULL,             -- current, superseded (a rotation's overlap: both work), revoked
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    issued BIGINT NOT NULL,
    seen BIGINT,                     -- first connected with, as the broker told
    revoked BIGINT,
    reason TEXT                      -- RFC 5280 5.3.1
);
CREATE INDEX certificate_thing ON certificate (thing, state);
CREATE TABLE setting (
    name TEXT PRIMARY KEY,           -- broker: how its configuration was last made
    value TEXT NOT NULL
);
