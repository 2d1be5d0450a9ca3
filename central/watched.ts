import { watchBundles } from './bundles/bundle-metrics.ts';
import type { Feeds } from './feed/feeds.ts';
import type { FeedRun, FeedStatus } from './feed/status.ts';
import type { Ingest } from './ingest/ingest.ts';
import type { Metrics } from './metrics.ts';
import { watchProcess } from './process-metrics.ts';
import { counterOf } from './store/alerts.ts';
import type { Store } from './store/store.ts';

interface WatchedParts {
  readonly store: Store;
  readonly feeds: Feeds;
  readonly ingest: Ingest;
}

function byLabel(rows: readonly { readonly label: string; readonly n: unknown }[]): Map<string, number> {
  return new Map(rows.map(({ label, n }) => [label, Number(n)]));
}

function watchStore(metrics: Metrics, store: Store): void {
  const { db } = store;
  metrics.watch('sealwatch_central_alert_position', () => store.newestPosition());
  metrics.watch('sealwatch_central_alerts_kept', () => counterOf(db, 'alert_rows'));
  metrics.watch('sealwatch_central_alert_bytes_kept', () => counterOf(db, 'alert_bytes'));
  metrics.watch('sealwatch_central_search_lag', () => store.searchLag());
  const count = () => db.fn.countAll().as('n');
  metrics.watch('sealwatch_central_agents', async () =>
    byLabel(await db.selectFrom('agents').select(['state as label', count()]).groupBy('state').execute()),
  );
  watchBundles(metrics, db);
}

/** Of one node only, so that sums over all nodes are right: the one that runs the feeds. */
function watchFeeds(metrics: Metrics, feeds: Feeds): void {
  const byFeed = (value: (feed: FeedStatus, run: FeedRun) => number) => async () =>
    new Map(
      (await feeds.status()).flatMap((feed) =>
        feed.run === null ? [] : [[feed.name, value(feed, feed.run)]],
      ),
    );
  metrics.watch('sealwatch_central_leads', () =>
    feeds.isLeader === null ? null : new Map([['feeds', Number(feeds.isLeader)]]),
  );
  metrics.watch(
    'sealwatch_central_feed_position',
    byFeed(({ position }) => position),
  );
  metrics.watch(
    'sealwatch_central_feed_failing',
    byFeed((_, { failing }) => Number(failing)),
  );
  metrics.watch(
    'sealwatch_central_feed_lag_alerts',
    byFeed(({ lagAlerts }) => lagAlerts),
  );
  metrics.watch(
    'sealwatch_central_feed_lag_seconds',
    byFeed(({ lagSeconds }) => lagSeconds),
  );
  metrics.watch(
    'sealwatch_central_feed_dead_letters',
    byFeed(({ deadLetters }) => deadLetters),
  );
}

/** Adds the gauges of central and of its process. Answers a function that ends the measuring. */
export function watchCentral(metrics: Metrics, { store, feeds, ingest }: WatchedParts): () => void {
  metrics.watch('sealwatch_central_sessions', () => ingest.sessions.size);
  metrics.watch('sealwatch_central_handshakes_waiting', () => ingest.admission.load.queued);
  watchStore(metrics, store);
  watchFeeds(metrics, feeds);
  return watchProcess(metrics);
}
