// Makes the home that the scan benchmark looks at: real files in the mix of a developer's machine.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const MOST_PROJECTS = 40;
const SERVERS_PER_PROJECT = 5;
const NPX_PACKAGES = 20;
const UV_TOOLS = 10;
const FILES_PER_PACKAGE = 400;
const FILES_PER_TOOL = 600;
const FILES_PER_DIRECTORY = 12;
/** Bytes of the files that servers are made of, in turn: mean 4.5 KB, as in common npm packages. */
const ARTEFACT_BYTES = [240, 900, 1_500, 2_200, 3_100, 4_200, 6_500, 17_500];
/** Bytes of the files that nobody starts. */
const FILLER_BYTES = [120, 600, 1_400, 3_000];
/** Raised when the layout changes, so that a kept home of another layout is not used. */
const LAYOUT = 3;

const text = Buffer.from(
  Array.from(
    { length: 4_000 },
    (_, line) => `export const value${line} = ${(line * 2_654_435_761) % 1e9};\n`,
  ).join(''),
);

class Filler {
  count = 0;

  write(path, bytes) {
    const fd = openSync(path, 'w', 0o644);
    const start = (this.count * 97) % (text.length - 32_768);
    writeSync(fd, `// ${this.count}\n`);
    writeSync(fd, text, start, bytes);
    closeSync(fd);
    this.count += 1;
  }

  put(path, content, mode = 0o644) {
    writeFileSync(path, content, { mode });
    this.count += 1;
  }

  /** `count` files below a directory, FILES_PER_DIRECTORY in each subdirectory. */
  fill(directory, count, sizes, ending) {
    for (let made = 0; made < count; ) {
      const here = join(directory, `part-${Math.floor(made / FILES_PER_DIRECTORY)}`, 'lib');
      mkdirSync(here, { recursive: true });
      for (let file = 0; file < FILES_PER_DIRECTORY && made < count; file += 1, made += 1) {
        this.write(join(here, `file-${file}${ending}`), sizes[made % sizes.length]);
      }
    }
  }

  npmPackage(directory, name, files) {
    mkdirSync(join(directory, 'dist'), { recursive: true });
    this.put(
      join(directory, 'package.json'),
      JSON.stringify({ name, version: '1.2.3', bin: 'dist/index.js' }),
    );
    this.put(join(directory, 'dist', 'index.js'), "#!/usr/bin/env node\nimport './part.js';\n", 0o755);
    this.fill(directory, files - 2, ARTEFACT_BYTES, '.js');
  }
}

/**
 * Makes the home unless a complete one of the same size is there. `files` is the total; each project has five servers.
 * Gives what was made: counts for the report.
 */
export function makeHome(home, files, count = MOST_PROJECTS) {
  const stamp = join(home, '.bench.json');
  const wanted = { layout: LAYOUT, files, projects: count, servers: count * SERVERS_PER_PROJECT };
  if (existsSync(stamp)) {
    const kept = JSON.parse(readFileSync(stamp, 'utf8'));
    if (kept.layout === LAYOUT && kept.files === files && kept.projects === count)
      return { ...kept, reused: true };
    throw new Error(`${home} holds a home of another size or layout; remove it first`);
  }
  if (existsSync(home)) throw new Error(`${home} exists and was not made by this benchmark to its end`);
  mkdirSync(home, { recursive: true });
  const filler = new Filler();
  for (let index = 0; index < Math.min(count, NPX_PACKAGES); index += 1) npxPackage(filler, home, index);
  for (let index = 0; index < Math.min(count, UV_TOOLS); index += 1) uvTool(filler, home, index);
  const projects = Array.from({ length: count }, (_, index) => join(home, 'src', `project-${index}`));
  for (const [index, directory] of projects.entries()) project(filler, directory, index);
  filler.put(
    join(home, '.claude.json'),
    JSON.stringify({ projects: Object.fromEntries(projects.map((path) => [path, {}])) }),
  );
  const rest = files - filler.count;
  for (const [index, directory] of projects.entries()) {
    bystanders(filler, directory, Math.floor(rest / count) + (index < rest % count ? 1 : 0));
  }
  writeFileSync(stamp, JSON.stringify(wanted));
  return { ...wanted, reused: false };
}

function npxSpec(index) {
  return `bench-mcp-${index}@1.2.3`;
}

function npxPackage(filler, home, index) {
  const key = createHash('sha512').update(npxSpec(index)).digest('hex').slice(0, 16);
  const modules = join(home, '.npm', '_npx', key, 'node_modules');
  filler.npmPackage(join(modules, `bench-mcp-${index}`), `bench-mcp-${index}`, FILES_PER_PACKAGE);
  for (const name of ['left', 'right']) filler.npmPackage(join(modules, `${name}-${index}`), name, 60);
}

function uvTool(filler, home, index) {
  const tool = join(home, '.local', 'share', 'uv', 'tools', `bench-tool-${index}`);
  const packages = join(tool, 'lib', 'python3.12', 'site-packages');
  const distribution = join(packages, `bench_tool_${index}-1.0.0.dist-info`);
  for (const directory of [join(tool, 'bin'), distribution]) mkdirSync(directory, { recursive: true });
  filler.put(join(tool, 'pyvenv.cfg'), 'home = /usr/bin\nversion_info = 3.12.1\n');
  filler.put(join(distribution, 'METADATA'), `Name: bench-tool-${index}\nVersion: 1.0.0\n`);
  filler.put(
    join(tool, 'bin', `bench-tool-${index}`),
    `#!${tool}/bin/python\nimport bench_tool_${index}\n`,
    0o755,
  );
  filler.fill(join(packages, `bench_tool_${index}`), FILES_PER_TOOL - 4, ARTEFACT_BYTES, '.py');
}

/** Five servers in three clients' files: npx, a script of its own, an installed package, Python, a shell wrapper. */
function project(filler, directory, index) {
  for (const part of ['.cursor', '.vscode', 'tools', '.venv/bin'])
    mkdirSync(join(directory, part), { recursive: true });
  const installed = join(directory, 'node_modules', 'own-mcp');
  filler.npmPackage(installed, 'own-mcp', FILES_PER_PACKAGE);
  filler.put(join(directory, 'package.json'), JSON.stringify({ name: `project-${index}`, version: '0.0.1' }));
  filler.put(join(directory, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: {} }));
  filler.put(join(directory, 'server.mjs'), "import './tools/one.mjs';\nimport './tools/two.mjs';\n");
  for (const name of ['one', 'two', 'three'])
    filler.put(join(directory, 'tools', `${name}.mjs`), `export default '${name}';\n`);
  filler.put(join(directory, 'server.py'), 'import helper\n');
  filler.put(join(directory, 'helper.py'), 'VALUE = 1\n');
  filler.put(join(directory, '.env'), 'LEVEL=1\n');
  const shell = join(directory, 'tools', 'start.sh');
  filler.put(shell, '#!/bin/sh\n. ./.env\nexec node ./tools/three.mjs\n', 0o755);
  chmodSync(shell, 0o755);
  symlinkSync('/usr/bin/python3', join(directory, '.venv', 'bin', 'python'));
  const python = { command: join(directory, '.venv', 'bin', 'python'), args: [join(directory, 'server.py')] };
  const tool = { command: 'uvx', args: [`bench-tool-${index % UV_TOOLS}`] };
  const servers = (map) => JSON.stringify(map, null, 2);
  filler.put(
    join(directory, '.mcp.json'),
    servers({
      mcpServers: {
        npx: { command: 'npx', args: ['-y', npxSpec(index % NPX_PACKAGES)] },
        own: { command: 'node', args: ['server.mjs'] },
      },
    }),
  );
  filler.put(
    join(directory, '.cursor', 'mcp.json'),
    servers({
      mcpServers: {
        installed: { command: 'node', args: [join(installed, 'dist', 'index.js')] },
        python: index % 2 === 0 ? python : tool,
      },
    }),
  );
  filler.put(
    join(directory, '.vscode', 'mcp.json'),
    servers({
      servers: { shell: { command: 'sh', args: ['tools/start.sh'], envFile: join(directory, '.env') } },
    }),
  );
}

/** Files that no server is made of: dependencies, sources, git objects. */
function bystanders(filler, directory, count) {
  const git = Math.floor(count * 0.2);
  const sources = Math.floor(count * 0.05);
  filler.fill(join(directory, '.git', 'objects'), git, FILLER_BYTES, '');
  filler.fill(join(directory, 'src'), sources, FILLER_BYTES, '.ts');
  const modules = count - git - sources;
  for (let made = 0, index = 0; made < modules; index += 1) {
    const size = Math.min(modules - made, 40 + ((index * 37) % 120));
    filler.fill(join(directory, 'node_modules', `package-${index}`), size, FILLER_BYTES, '.js');
    made += size;
  }
}
