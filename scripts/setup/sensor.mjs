// Builds the kernel sensor where this machine can run it. Never fatal: without it the sampler watches.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepareNative } from './native.mjs';

const NEEDS = {
  tools: ['clang', 'bpftool', 'make', 'cc'],
  headers: ['bpf/libbpf.h', 'libelf.h', 'zlib.h', 'stdio.h'],
  packages: ['clang', 'bpftool', 'libbpf-dev', 'libelf-dev', 'zlib1g-dev', 'make', 'gcc', 'libc6-dev'],
};

/** Why this machine cannot run the sensor at all, else null. */
function whyNotHere() {
  if (process.env.SEALWATCH_SENSOR === 'off') return 'switched off by SEALWATCH_SENSOR=off';
  if (process.platform !== 'linux') return 'the kernel sensor is for Linux';
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'the kernel offers no BTF (/sys/kernel/btf/vmlinux)';
  return null;
}

/** Brings `out`/sealwatch-sensor up to date with its sources; as prepareNative. */
export function prepareSensor({
  root,
  out = join(root, 'dist', 'sensor'),
  log = join(root, '.cache', 'sensor.log'),
  mayInstall = false,
  variables = [],
}) {
  const folder = join(root, 'collectors', 'process', 'ebpf', 'sensor');
  const products = ['sealwatch-sensor', 'sensor.bpf.o'];
  return prepareNative({
    folder,
    products,
    needs: NEEDS,
    out,
    log,
    mayInstall,
    never: whyNotHere(),
    variables,
  });
}
