import { join } from 'node:path';
import { ImageStore } from '../packages/image-store.ts';
import { type DockerRun, readDockerRun } from './docker-call.ts';
import { expandPath } from './expand.ts';
import { isFile } from './find-executable.ts';
import { readFlags, valuesOf } from './flags.ts';
import type { LaunchTracer, Outcome, Tracing } from './tracing.ts';

const COMPOSE_FILES = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yaml',
  'docker-compose.yml',
  'compose.override.yaml',
  'compose.override.yml',
  'docker-compose.override.yml',
  '.env',
] as const;
const GATEWAY_FILES = ['registry.yaml', 'config.yaml', 'tools.yaml', 'catalog.json'] as const;
const COMPOSE_VALUES: ReadonlySet<string> = new Set([
  '-f',
  '--file',
  '-p',
  '--project-name',
  '--profile',
  '--env-file',
  '--project-directory',
]);

/** `docker run` and its kin; whatever else an engine is asked for is `unresolved` with its reason. */
export const traceContainer: LaunchTracer = (tracing, call) => {
  const { name, args, cwd } = call;
  if (name.endsWith(' run')) return traceRun(tracing, readDockerRun(args), cwd);
  const words = name === 'docker-compose' ? ['compose', ...args] : args;
  const verb = words.find((word) => !word.startsWith('-')) ?? '';
  if (verb === 'compose') return traceCompose(tracing, words.slice(words.indexOf(verb) + 1), cwd);
  if (verb === 'mcp') return traceGateway(tracing, words, cwd);
  const reason = ['exec', 'start', 'attach', 'container'].includes(verb)
    ? 'a container that was made before is not looked into'
    : 'this command of the container engine is not followed';
  const named = words.slice(words.indexOf(verb) + 1).find((word) => !word.startsWith('-'));
  tracing.set.addUnresolved([verb, named ?? ''].join(' ').trim(), reason);
  tracing.fileArguments(words, cwd);
  return { serverArgs: words };
};

function traceRun(tracing: Tracing, run: DockerRun, cwd: string): Outcome {
  const { set, place } = tracing;
  for (const file of run.envFiles) tracing.namedFile('env-file', file, cwd);
  for (const mount of run.mounts) {
    const path = expandPath(mount, cwd, place);
    if (path === null) set.addUnresolved(mount, 'mounted path depends on a variable that is not known');
    else if (isFile(path)) tracing.optionalFile('helper', path, cwd);
  }
  if (run.image === null) {
    set.addUnresolved('', 'command line names no image');
    return {};
  }
  addImage(tracing, run.image);
  return { package: run.image, serverArgs: run.words };
}

function addImage({ set, place }: Tracing, image: string): void {
  const digest = /@sha256:([0-9a-f]{64})$/.exec(image)?.[1];
  if (digest !== undefined) {
    set.addImage(image, digest);
    return;
  }
  const store = new ImageStore(place.systemRoot ?? '/', place.home);
  for (const file of store.files) set.files.add(file);
  const local = store.digestOf(image);
  if (local === null)
    set.addAbsent(image, 'image is not pinned by digest and no local engine tells its digest');
  else set.addImage(image, local);
}

function traceCompose(tracing: Tracing, args: readonly string[], cwd: string): Outcome {
  const { flags, words } = readFlags(args, { values: COMPOSE_VALUES });
  const named = valuesOf(flags, '-f', '--file');
  for (const file of named) tracing.namedFile('helper', file, cwd);
  for (const file of valuesOf(flags, '--env-file')) tracing.namedFile('env-file', file, cwd);
  if (named.length === 0) {
    for (const file of COMPOSE_FILES)
      tracing.optionalFile(file === '.env' ? 'env-file' : 'helper', join(cwd, file), cwd);
  }
  const service = words.slice(1).find((word) => !word.startsWith('-')) ?? '';
  tracing.set.addUnresolved(service, 'image of a compose service is not looked up');
  return { serverArgs: words };
}

function traceGateway(tracing: Tracing, args: readonly string[], cwd: string): Outcome {
  const { home } = tracing.place;
  if (home !== null)
    for (const file of GATEWAY_FILES) tracing.optionalFile('helper', join(home, '.docker/mcp', file), cwd);
  tracing.fileArguments(args, cwd);
  tracing.set.addUnresolved(
    'docker mcp',
    'the gateway starts containers of its own, which are not looked into',
  );
  return { serverArgs: args };
}
