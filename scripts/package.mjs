// `npm run package`: sets everything up and builds packages for Linux and macOS.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, FORMATS, PRODUCTS } from '../packaging/builders/products.mjs';
import { SetupError } from './setup/command.mjs';
import { handOver } from './setup/handover.mjs';
import { fail, root, setUp } from './setup.mjs';

const USAGE = `npm run package -- --out DIR [--only agent|central] [--format ${FORMATS.join('|')}]… [--arch x64|arm64]
  [--version VERSION] [--sign-key FILE] [--runtime NODE] [--codesign IDENTITY] [--speed best|fast]`;
/** What dpkg, rpm and npm all order in the same way. */
const VERSION = /^\d+\.\d+\.\d+(?:~[a-z0-9.]+)?$/;

function readOptions(args) {
  try {
    return parseArgs({
      args,
      options: {
        out: { type: 'string' },
        only: { type: 'string' },
        format: { type: 'string', multiple: true },
        arch: { type: 'string', default: process.arch },
        version: { type: 'string' },
        speed: { type: 'string', default: 'best' },
        'sign-key': { type: 'string' },
        runtime: { type: 'string' },
        codesign: { type: 'string' },
        'no-set-up': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new SetupError(error.message, USAGE);
  }
}

function chosen(what, value, known) {
  if (known.includes(value)) return value;
  throw new SetupError(`${what} is one of ${known.join(', ')}, not ${value}`, USAGE);
}

/** What was asked for. @throws {SetupError} */
function readOrder(options) {
  const {
    out,
    only,
    format = FORMATS,
    arch,
    version,
    speed,
    runtime,
    codesign,
    'sign-key': signKey,
  } = options;
  if (out === undefined) throw new SetupError('--out is missing', USAGE);
  if (version !== undefined && !VERSION.test(version))
    throw new SetupError(`${version} is no version such as 1.2.3 or 1.2.3~rc.1`);
  if (runtime !== undefined && !(existsSync(runtime) && statSync(runtime).isFile()))
    throw new SetupError(`${runtime} is not there`);
  return {
    out: resolve(out),
    products: only === undefined ? Object.keys(PRODUCTS) : [chosen('--only', only, Object.keys(PRODUCTS))],
    formats: format.map((each) => chosen('--format', each, FORMATS)),
    arch: chosen('--arch', arch, Object.keys(ARCHITECTURES)),
    speed: chosen('--speed', speed, ['best', 'fast']),
    ...(version === undefined ? {} : { version }),
    ...(signKey === undefined ? {} : { signKey: resolve(signKey) }),
    ...(runtime === undefined ? {} : { runtime: resolve(runtime) }),
    ...(codesign === undefined ? {} : { codesign }),
  };
}

async function main(args) {
  const options = readOptions(args);
  const order = readOrder(options);
  if (!options['no-set-up']) {
    const { node } = await setUp();
    handOver(node, [import.meta.filename ?? process.argv[1], ...args, '--no-set-up'], { env: process.env });
    return;
  }
  // The builders are for the runtime that the set-up brought.
  const { buildPackages } = await import('../packaging/builders/build.mjs');
  await buildPackages({ ...order, root, say: (line) => process.stderr.write(`  ${line}\n`) });
}

main(process.argv.slice(2)).catch(fail);
