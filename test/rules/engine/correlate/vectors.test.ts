import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Correlator } from '../../../../rules/engine/correlate/correlator.ts';
import { compileRules, parseEventRecord } from '../../../../rules/engine/index.ts';
import { sigmaCorpus } from '../../shared.ts';

interface Step {
  readonly ts: number;
  readonly event: unknown;
  readonly detections?: number;
  readonly correlations?: number;
}
interface Sequence {
  readonly source: string;
  readonly rules_yaml: string;
  readonly steps: readonly Step[];
}

const { dir, skip } = sigmaCorpus('vectors');

describe('sequences of events from another engine', { skip }, () => {
  const sequences = skip
    ? []
    : (JSON.parse(readFileSync(join(dir, 'rsigma_correlation.json'), 'utf8')) as readonly Sequence[]);

  it('are there', () => assert.equal(sequences.length, 38));

  for (const { source, rules_yaml: text, steps } of sequences) {
    it(source.slice(source.indexOf('crates/')), () => {
      const set = compileRules([{ path: 'vector.yml', text }]);
      assert.deepEqual(set.refused, []);
      const correlator = new Correlator(set.correlations);
      for (const { ts, event: record, detections, correlations } of steps) {
        const event = parseEventRecord(record);
        const matched = set.match(event);
        const hits = correlator.receive(matched, event, ts * 1_000);
        assert.equal(matched.length, detections ?? matched.length, `detections at ${ts}`);
        assert.equal(hits.length, correlations ?? hits.length, `correlations at ${ts}`);
      }
    });
  }
});
