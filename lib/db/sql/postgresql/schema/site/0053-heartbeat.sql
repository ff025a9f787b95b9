-- Who holds a lease or a claim says every second that it lives. Another that wants what it holds ends its session when it
-- has not said so in time: a process that was stopped keeps its connection, and with it its locks.
CREATE TABLE heartbeat (
    backend INTEGER PRIMARY KEY,     -- the session's process in the server
    until TIMESTAMP WITH TIME ZONE NOT NULL
);
