import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, matchContainer, type Waiting } from '../../../agent/containers/container-match.ts';
import type { EngineContainer } from '../../../agent/containers/engine.ts';
import type { WantedContainer } from '../../../agent/containers/engine-call.ts';

const BEGAN = 1_000_000;

function waiting(more: Partial<WantedContainer> = {}, at: Partial<Waiting> = {}): Waiting {
  const wanted: WantedContainer = {
    kind: 'run',
    image: 'image:1',
    words: ['serve'],
    entrypoint: null,
    name: null,
    idFile: null,
    labels: new Map(),
    interactive: true,
    ...more,
  };
  return { wanted, began: BEGAN, fileId: null, ...at };
}

function container(id: string, more: Partial<EngineContainer> = {}): EngineContainer {
  return {
    id,
    created: BEGAN + 100,
    name: `name-${id}`,
    image: 'image:1',
    command: ['serve'],
    entrypoint: '/entry',
    labels: new Map(),
    interactive: true,
    pid: 42,
    ...more,
  };
}

const match = (of: Waiting, free: readonly EngineContainer[], rivals = [of], now = BEGAN) => {
  const found = matchContainer(of, free, rivals, now);
  return found === null ? null : `${found.container.id} ${found.certainty}`;
};

test('a container that differs in anything that was asked for does not fit', () => {
  assert.ok(fits(waiting(), container('a')));
  for (const more of [
    { created: BEGAN - 10_000 },
    { created: Number.NaN },
    { image: 'image:2' },
    { image: 'evilimage:1' },
    { command: ['serve', 'more'] },
    { command: [] },
    { interactive: false },
  ])
    assert.ok(!fits(waiting(), container('a', more)), JSON.stringify(more));
  assert.ok(!fits(waiting({ entrypoint: '/other' }), container('a')));
  assert.ok(!fits(waiting({ name: 'x' }), container('a')));
  assert.ok(!fits(waiting({ labels: new Map([['team', 'x']]) }), container('a')));
  assert.ok(!fits(waiting({ idFile: 'f' }), container('a')), 'while the file is empty');
  assert.ok(!fits(waiting({ idFile: 'f' }, { fileId: 'b' }), container('a')));
});

test('what was not asked for may be anything, and an engine may write an image’s name in full', () => {
  assert.ok(fits(waiting({ words: [] }), container('a', { command: ['of', 'the', 'image'] })));
  assert.ok(fits(waiting(), container('a', { image: 'localhost/image:1' })));
  assert.ok(fits(waiting(), container('a', { labels: new Map([['of', 'the image']]) })));
});

test('a name or an id file makes it certain, and one container for one client does nearly', () => {
  assert.equal(match(waiting(), [container('a')]), 'a only');
  assert.equal(match(waiting({ name: 'name-b' }), [container('a'), container('b')]), 'b exact');
  assert.equal(match(waiting({ idFile: 'f' }, { fileId: 'b' }), [container('a'), container('b')]), 'b exact');
  assert.equal(match(waiting(), []), null);
});

test('a client that cannot be meant leaves the match certain', () => {
  const [one, other] = [waiting(), waiting({ image: 'image:2' })];
  assert.equal(match(one, [container('a'), container('b', { image: 'image:2' })], [one, other]), 'a only');
});

test('clients that asked for the same get the containers in their order, once there are enough', () => {
  const [first, second] = [waiting(), waiting({}, { began: BEGAN + 10 })];
  const rivals = [second, first];
  const [early, late] = [container('early'), container('late', { created: BEGAN + 200 })];
  assert.equal(match(first, [late], rivals), null, 'the other may be still to come');
  assert.equal(match(first, [late, early], rivals), 'early order');
  assert.equal(match(second, [late, early], rivals), 'late order');
  assert.equal(
    match(first, [late], rivals, BEGAN + 60_000),
    'late order',
    'and is not waited for without end',
  );
  assert.equal(match(second, [late], rivals, BEGAN + 60_000), null);
});

test('two containers for one client are no certainty', () => {
  assert.equal(match(waiting(), [container('a'), container('b')]), 'a order');
});

test('a container that was asked for by name, id file or label is left to whoever did so', () => {
  const plain = waiting({}, { began: BEGAN + 10 });
  const own = container('own');
  const other = container('other', { created: BEGAN + 200, name: 'x', labels: new Map([['team', 'x']]) });
  for (const rival of [waiting({ name: 'x' }), waiting({ labels: new Map([['team', 'x']]) })]) {
    assert.equal(match(plain, [own, other], [rival, plain]), 'own only');
    assert.equal(match(plain, [other], [rival, plain], BEGAN + 60_000), null);
  }
  const filed = waiting({ idFile: 'f' }, { fileId: 'other' });
  assert.equal(match(plain, [own, other], [filed, plain]), 'own only');
  assert.equal(
    match(plain, [own, other], [waiting({ idFile: 'f' }), plain]),
    null,
    'while its file is empty',
  );
});
