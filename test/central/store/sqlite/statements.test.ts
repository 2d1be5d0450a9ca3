import assert from 'node:assert/strict';
import { test } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { Statements } from '../../../../central/store/sqlite/statements.ts';

test('a statement that is asked for again is not prepared again', () => {
  const statements = new Statements(new SqliteDatabase(':memory:'));
  const first = statements.prepare('SELECT 1 AS one');
  assert.equal(statements.prepare('SELECT 1 AS one'), first);
  assert.notEqual(statements.prepare('SELECT 2 AS two'), first);
});

test('only so many are kept: those that were not asked for the longest go first', () => {
  const statements = new Statements(new SqliteDatabase(':memory:'));
  const [often, seldom] = [statements.prepare('SELECT -1'), statements.prepare('SELECT -2')];
  for (let number = 0; number < 300; number += 1) {
    statements.prepare(`SELECT ${number}`);
    statements.prepare('SELECT -1');
  }
  assert.equal(statements.prepare('SELECT -1'), often);
  assert.notEqual(statements.prepare('SELECT -2'), seldom);
});

test('one with a long list is not kept', () => {
  const statements = new Statements(new SqliteDatabase(':memory:'));
  const sql = `SELECT 1 WHERE 1 IN (${Array.from({ length: 2_000 }, () => 1).join(',')})`;
  assert.notEqual(statements.prepare(sql), statements.prepare(sql));
});

test('a statement that was kept sees a table that has changed since', () => {
  const database = new SqliteDatabase(':memory:');
  const statements = new Statements(database);
  database.exec('CREATE TABLE things (name)');
  const count = 'SELECT count(*) AS count FROM things';
  assert.deepEqual(statements.prepare(count).all(), [{ count: 0 }]);
  database.exec("ALTER TABLE things ADD COLUMN size; INSERT INTO things VALUES ('one', 1)");
  assert.deepEqual(statements.prepare(count).all(), [{ count: 1 }]);
});
