import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Alert } from '../../wire/index.ts';
import { Place } from '../cli/central-place.ts';
import { BuiltPackages } from '../packaging/built-packages.ts';
import { BootedHost } from './booted-host.ts';
import { until } from './host.ts';

const CONFIG = '/home/alice/.claude.json';
/** The script that every server of alice's configs starts. */
export const SCRIPT = '/home/alice/server.mjs';
/** The runtime that the package brings. */
export const NODE = '/usr/lib/sealwatch/runtime/node';

/** Milliseconds until what happens on the host is told at central at the latest: it looks through its installation first. */
const TOLD_MS = 120_000;

/** What undoes things at the end, the last first: a test, or a program that has none. */
export interface Undoing {
  after(undo: () => unknown): void;
}

/** A booted host that has a user alice, packages of the agent for it, and a central outside that hears of it. */
export class InstalledHost {
  readonly host: BootedHost;
  readonly place: Place;
  /** Paths of the packages on the host, one for each version that was asked for. */
  readonly debs: readonly string[];
  /** Path of the archive, which has the program without a package. */
  readonly archive = '/root/agent.tar.gz';
  readonly #token: string;

  private constructor(host: BootedHost, place: Place, debs: readonly string[]) {
    this.host = host;
    this.place = place;
    this.debs = debs;
    const made = place.central('api-token', 'create', '--role', 'viewer', '--name', 'test', '--json');
    this.#token = made.json().token;
  }

  /** Builds packages, of this checkout's version and of others, and boots a host with them. */
  static async boot(undoing: Undoing, versions: readonly string[] = []): Promise<InstalledHost> {
    const packages = new BuiltPackages();
    undoing.after(() => packages[Symbol.dispose]());
    const builds = [['--format', 'tar'], ...versions.map((version) => ['--version', version])].map(
      (more, index) => packages.build(`out-${index}`, ['--only', 'agent', '--format', 'deb', ...more]),
    );
    const place = await Place.make();
    undoing.after(() => place[Symbol.dispose]());
    await place.start(undoing);
    const host = await BootedHost.boot();
    undoing.after(() => host.end());
    host.ok('useradd', '--create-home', 'alice');
    const [archive = ''] = readdirSync(builds[0]?.out ?? '').filter((name) => name.endsWith('.tar.gz'));
    host.write('root/root/agent.tar.gz', readFileSync(join(builds[0]?.out ?? '', archive)));
    const debs = builds.map(({ out }, index) => {
      const [name = ''] = readdirSync(out).filter((each) => each.endsWith('.deb'));
      host.write(`root/root/${index}.deb`, readFileSync(join(out, name)));
      return `/root/${index}.deb`;
    });
    return new InstalledHost(host, place, debs);
  }

  /** Says where central is, and only then brings the token. */
  enrol(): void {
    const yml = readFileSync(join(this.host.root, 'etc/sealwatch/agent.yml'), 'utf8');
    this.host.write('root/etc/sealwatch/agent.yml', yml.replace(/wss:\S+/, this.place.agentUrl));
    this.host.write(
      'root/etc/sealwatch/enrolment-token',
      this.place.central('token', 'create').stdout,
      0o600,
    );
  }

  async alerts(): Promise<readonly Alert[]> {
    // Central may close a connection that was idle just as it is used again.
    return await this.#ask().catch(() => this.#ask());
  }

  async #ask(): Promise<readonly Alert[]> {
    const response = await fetch(`${this.place.url}/api/v1/alerts?limit=1000`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    const { alerts } = (await response.json()) as { alerts: readonly Alert[] };
    return alerts;
  }

  /** Waits until central has an alert of this name that fits. */
  alert(name: string, fits: (alert: Alert) => boolean = () => true): Promise<Alert> {
    let seen: readonly Alert[] = [];
    const what = () => `alert ${name}; central has ${seen.map(({ rule }) => rule.name).join(', ') || 'none'}`;
    return until(
      what,
      async () => {
        seen = await this.alerts();
        return seen.find((alert) => alert.rule.name === name && fits(alert));
      },
      TOLD_MS,
    );
  }

  status() {
    return JSON.parse(this.host.ok('sealwatch', 'status', '--json'));
  }

  async connected(): Promise<ReturnType<InstalledHost['status']>> {
    return await until(
      'a connected agent with its sensor',
      () => {
        const { status, stdout } = this.host.run('sealwatch', 'status', '--json');
        const now = status === 0 ? JSON.parse(stdout) : null;
        const isArmed = now?.collectors.some(
          ({ name, state }: { name: string; state: string }) => name === 'process/ebpf' && state === 'ok',
        );
        return now?.central.connected && isArmed ? now : null;
      },
      TOLD_MS,
    );
  }

  /** Waits until the installation was compared with its manifest, and is found to be in this state. */
  async integrity(wanted: string): Promise<void> {
    await until(
      `integrity ${wanted}`,
      () =>
        this.status().collectors.some(
          ({ name, state }: { name: string; state: string }) => name === 'integrity' && state === wanted,
        ),
      TOLD_MS,
    );
  }

  /** Alice's client config with these servers; all of them start the same script. */
  configure(...names: readonly string[]): void {
    const servers = names.map((name) => [name, { command: NODE, args: [SCRIPT] }]);
    this.asAlice(CONFIG, JSON.stringify({ mcpServers: Object.fromEntries(servers) }));
  }

  /** Alice puts a file in its place as editors do: a new one beside it, renamed over it. */
  asAlice(path: string, text: string): void {
    const words = 'cat > "$1.new" && mv "$1.new" "$1"';
    const encoded = Buffer.from(text).toString('base64');
    this.host.ok(
      'setpriv',
      '--reuid=alice',
      '--regid=alice',
      '--init-groups',
      'sh',
      '-c',
      `echo ${encoded} | base64 -d | { ${words}; }`,
      'sh',
      path,
    );
  }

  async addedIsTold(name: string): Promise<void> {
    this.configure('files', name);
    await this.alert('mcp_server_added', ({ server }) => server?.name === name);
  }
}
