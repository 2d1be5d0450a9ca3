import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import * as z from 'zod';

const SCHEMAS = join(
  dirname(fileURLToPath(import.meta.resolve('@cyclonedx/cyclonedx-library/package.json'))),
  'res',
  'schema',
);
/** What the schema of a bill resolves the names of the others against. */
const BASE = 'http://cyclonedx.org/schema/';
/** Formats that the schemas name and that the validator does not know. */
const UNKNOWN_FORMATS = ['idn-email', 'iri-reference'] as const;

const billSchema = z.object({
  metadata: z.object({ component: z.object({ name: z.string(), version: z.string() }) }),
  components: z.array(
    z.object({
      'bom-ref': z.string(),
      name: z.string(),
      version: z.string().optional(),
      purl: z.string().optional(),
      hashes: z.array(z.object({ alg: z.string(), content: z.string() })).optional(),
      licenses: z.array(z.unknown()).optional(),
    }),
  ),
});

function schema(name: string): object {
  return JSON.parse(readFileSync(join(SCHEMAS, name), 'utf8'));
}

/** Reads a bill of materials that the schema of CycloneDX 1.6 takes. */
export function readBill(text: string): z.infer<typeof billSchema> {
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  for (const format of UNKNOWN_FORMATS) ajv.addFormat(format, true);
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
    ajv.addSchema(schema(name), `${BASE}${name}`);
  const check = ajv.compile(schema('bom-1.6.SNAPSHOT.schema.json'));
  const value: unknown = JSON.parse(text);
  assert.ok(check(value), JSON.stringify(check.errors, null, 2));
  return billSchema.parse(value);
}
