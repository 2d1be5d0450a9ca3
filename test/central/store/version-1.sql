-- The database of version 1, as its first release wrote it, with one row of everything.
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1398227781;
PRAGMA user_version = 1;
CREATE TABLE "agents" ("id" text not null primary key, "host" text not null, "os" text not null, "version" text not null, "first_seen" text not null, "last_seen" text not null, "last_seq" integer not null, "state" text not null);
CREATE TABLE "alerts" ("position" integer primary key autoincrement, "agent" text not null references "agents" ("id"), "seq" integer not null, "id" text not null unique, "time" text not null, "received" text not null, "host" text not null, "user" text not null, "name" text not null, "level" text not null, "server_id" text, "server_name" text, "client" text, "body" text not null, constraint "alerts_agent_seq" unique ("agent", "seq"));
CREATE INDEX "alerts_time" on "alerts" ("time", "position");
CREATE INDEX "alerts_name" on "alerts" ("name", "position");
CREATE INDEX "alerts_host" on "alerts" ("host", "position");
CREATE TABLE "servers" ("agent" text not null references "agents" ("id"), "id" text not null, "body" text not null, "updated" text not null, constraint "servers_key" primary key ("agent", "id")) without rowid;
CREATE TABLE "feeds" ("name" text not null primary key, "position" integer not null);
INSERT INTO agents VALUES ('00112233445566aa', 'build-7', 'Debian', '0.1.0', '2026-07-01T00:00:00.000Z', '2026-07-02T00:00:00.000Z', 1, 'connected');
INSERT INTO alerts VALUES (7, '00112233445566aa', 1, '00112233445566aa-1', '2026-07-02T00:00:00.000Z', '2026-07-02T00:00:00.000Z', 'build-7', 'alice', 'mcp_shell_spawn', 'high', NULL, NULL, NULL, '{"id":"00112233445566aa-1","seq":1,"time":"2026-07-02T00:00:00.000Z","host":"build-7","user":"alice","rule":{"id":"r","name":"mcp_shell_spawn","title":"MCP server spawned a shell","level":"high","tags":[],"author":null,"license":null},"server":null,"event":{},"actor":null,"ancestry":[],"change":null,"count":1}');
INSERT INTO servers VALUES ('00112233445566aa', 's-1', '{}', '2026-07-02T00:00:00.000Z');
INSERT INTO feeds VALUES ('jsonl:/var/feed', 7);
