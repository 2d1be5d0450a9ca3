// The programs in C as packages carry them: without debugging data and names of the machine that built them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../scripts/setup/command.mjs';
import { prepareLauncher } from '../../scripts/setup/launcher.mjs';
import { prepareNotice } from '../../scripts/setup/notice.mjs';
import { prepareRelay } from '../../scripts/setup/relay.mjs';
import { prepareSensor } from '../../scripts/setup/sensor.mjs';
import { prepareCross } from './cross.mjs';
import { EXECUTABLE, Payload } from './payload.mjs';

/** Paths of the builder become these, so that the same sources give the same bytes everywhere. */
const NO_PATHS = '-ffile-prefix-map=$(OUT)=build -ffile-prefix-map=$(CURDIR)=.';
const COMPILE = `-O2 -g0 ${NO_PATHS} -Wall -Werror -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE`;
const LINK = '-pie -s -Wl,-z,relro,-z,now -Wl,--build-id=none';
/** The compiler keeps debugging data here, since BTF is made of it; bpftool drops the rest. */
const BPF = `-g -O2 ${NO_PATHS} -Wall -Werror -target bpf -D__TARGET_ARCH_$(ARCH)`;
/** libbpf differs most between distributions, so it is part of the program; the others' names have not changed in years. */
const SENSOR_LIBRARIES = '-Wl,-Bstatic -lbpf -Wl,-Bdynamic -lelf -lz';

const PARTS = [
  { folder: 'guard', prepare: prepareLauncher, files: [['sealwatch-launcher', EXECUTABLE]] },
  { folder: 'notice', prepare: prepareNotice, files: [['sealwatch-notify', EXECUTABLE]] },
  { folder: 'guard', prepare: prepareRelay, files: [['sealwatch-relay', EXECUTABLE]] },
  {
    folder: 'sensor',
    prepare: prepareSensor,
    files: [
      ['sealwatch-sensor', EXECUTABLE],
      ['sensor.bpf.o', 0o644],
    ],
  },
];

/** Where the description of the libbpf that is linked lies on this machine. */
const HERE = ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].flatMap((triplet) =>
  ['/usr/lib', '/usr/lib64', '/usr/local/lib'].map((place) => join(place, triplet, 'pkgconfig')),
);

/** What a build for this machine's own architecture takes in place of what `prepareCross` gives. */
const NATIVE = { flags: '', variables: [], descriptions: HERE, reason: null };

/** The version of libbpf, which becomes part of the sensor. */
function libbpfVersion(places) {
  const path = places.map((place) => join(place, 'libbpf.pc')).find((each) => existsSync(each));
  return path === undefined ? 'unknown' : /^Version: *(\S+)/m.exec(readFileSync(path, 'utf8'))[1];
}

/**
 * Builds them for an architecture; `payload` has them below `dist`. Where this machine cannot build for another
 * architecture than its own, `missing` has one line for each program that is left out. `libbpf` is the version of it that is
 * part of the sensor, or null without one.
 * @throws {SetupError} where one for this machine's architecture cannot be built
 */
export async function buildPrograms(root, arch) {
  const isCross = arch !== process.arch;
  const payload = new Payload();
  const missing = [];
  const cross = isCross ? await prepareCross(root, arch) : NATIVE;
  for (const { folder, prepare, files } of PARTS) {
    const out = join(root, '.cache', 'packages', 'programs', arch);
    const variables = [
      `CFLAGS=${COMPILE} ${LINK} ${cross.flags}`.trim(),
      `BPF_CFLAGS=${BPF}`,
      `LIBS=${SENSOR_LIBRARIES}`,
      ...cross.variables,
    ];
    const log = join(root, '.cache', 'packages', `programs-${arch}.log`);
    const { reason } =
      cross.reason === null ? await prepare({ root, out, log, mayInstall: true, variables }) : cross;
    if (reason === null) {
      for (const [name, mode] of files) payload.addFile(join('dist', folder, name), join(out, name), mode);
    } else if (isCross) missing.push(`${files[0][0]} is left out: ${reason}`);
    else throw new SetupError(`${files[0][0]} cannot be built: ${reason}`);
  }
  const hasSensor = payload.paths().includes('dist/sensor/sealwatch-sensor');
  return { payload, missing, libbpf: hasSensor ? libbpfVersion(cross.descriptions) : null };
}
