import { basename } from 'node:path';
import type { ProcessEntry } from '../enrich/process-table.ts';

type Image = Pick<ProcessEntry, 'exe' | 'argv'>;

/** Clients and runtimes of container engines: what they start may be in a container. */
const CLIENTS: ReadonlySet<string> = new Set([
  'docker',
  'podman',
  'nerdctl',
  'conmon',
  'runc',
  'crun',
  'youki',
]);
/** What clients of engines start on the host, on the way to what runs in the container. */
const HELPERS: ReadonlySet<string> = new Set([
  'netavark',
  'aardvark-dns',
  'slirp4netns',
  'pasta',
  'pasta.avx2',
  'passt',
  'rootlessport',
  'fuse-overlayfs',
  'newuidmap',
  'newgidmap',
  'catatonit',
  'iptables',
  'ip6tables',
  'nft',
]);
const DOCKER_PLUGIN = /^docker-[a-z0-9-]+$/;
/** runc runs itself from a copy in memory, whose path is no file's; the first word is the name then. */
const IN_MEMORY = /^\/?(?:memfd:|dev\/fd\/|proc\/self\/)/;

function nameOf({ exe, argv }: Image): string {
  return basename(IN_MEMORY.test(exe) ? (argv[0] ?? '') : exe);
}

/** Whether an image is a client or runtime of a container engine. */
export function isEngineClient(image: Image): boolean {
  return CLIENTS.has(nameOf(image));
}

/** Whether an image that the client of an engine starts on the host is still on the way to the container. */
export function isEngineHelper(image: Image): boolean {
  const name = nameOf(image);
  return CLIENTS.has(name) || HELPERS.has(name) || DOCKER_PLUGIN.test(name);
}
