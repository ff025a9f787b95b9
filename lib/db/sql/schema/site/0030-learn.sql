-- Learning, optimising and tender tasks, and what came back.
CREATE TABLE task (
    task_id TEXT PRIMARY KEY,
    task TEXT NOT NULL,              -- learning, optimizing, tender-learning, tender-predict
    customer TEXT,                   -- null: a tender
    building TEXT,
    asked TEXT NOT NULL,             -- the task record without its data, JSON
    made BIGINT NOT NULL
);
CREATE TABLE result (
    task_id TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    customer TEXT,
    building TEXT,
    status TEXT NOT NULL,            -- ok, no-run, infeasible, error
    reason TEXT NOT NULL,
    file TEXT NOT NULL,              -- the whole result record, below results/
    connection_id TEXT,              -- the session that waits for it
    callback TEXT,                   -- the URL to be called; null: none
    callback_state TEXT,             -- due, done, given-up
    callback_tries BIGINT NOT NULL,
    callback_error TEXT,
    received BIGINT NOT NULL
);
CREATE INDEX result_building ON result (customer, building, task, received);
CREATE INDEX result_due ON result (callback_state) WHERE callback_state = 'due';
