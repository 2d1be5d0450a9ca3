import type { Finding, Severity } from '../../wire/index.ts';
import { SEVERITIES } from '../../wire/index.ts';
import { dockerOptions } from './launch-findings.ts';
import { finding, listed, type Posture } from './posture.ts';

interface Reach {
  readonly what: string;
  readonly severity: Severity;
}

const ENGINE_SOCKET = /\/(?:docker|podman|containerd|crio)\.sock$/;
/** Host directories whose content is the host: to write one is to rule it. */
const HOST_DIRECTORIES =
  /^\/(?:etc|root|usr|bin|sbin|lib|lib64|boot|proc|sys|dev|var|run|var\/run|var\/lib)$/;
const KEY_DIRECTORIES = /\/\.(?:ssh|aws|gnupg|kube|azure|docker|config\/gcloud)\/?$/;
const POWERFUL_CAPABILITIES: ReadonlySet<string> = new Set([
  'ALL',
  'SYS_ADMIN',
  'SYS_PTRACE',
  'SYS_MODULE',
  'SYS_RAWIO',
  'DAC_READ_SEARCH',
  'BPF',
]);
const HOST_NAMESPACES: Readonly<Record<string, Severity>> = {
  '--pid': 'high',
  '--ipc': 'medium',
  '--userns': 'medium',
  '--uts': 'low',
  '--cgroupns': 'low',
  '--network': 'low',
  '--net': 'low',
};

/** Options of `docker run` that let the container act on the host. */
export function dockerPrivileges(posture: Posture): readonly Finding[] {
  const options = dockerOptions(posture);
  if (options === null) return [];
  const reaches = options.flatMap((option, index) => reachOf(option, options[index + 1] ?? '', posture.home));
  if (reaches.length === 0) return [];
  const worst = Math.max(...reaches.map(({ severity }) => SEVERITIES.indexOf(severity)));
  const message = `the container reaches the host: ${listed(reaches.map(({ what }) => what))}`;
  return [finding('mcp_docker_privileged', message, SEVERITIES[worst])];
}

function reachOf(option: string, next: string, home: string): readonly Reach[] {
  if (/^-v./.test(option)) return reachOf('-v', option.slice(2).replace(/^=/, ''), home);
  const equals = option.indexOf('=');
  const flag = equals < 0 ? option : option.slice(0, equals);
  const value = equals < 0 ? next : option.slice(equals + 1);
  if (flag === '--privileged' && (equals < 0 || /^(?:true|1)$/i.test(value)))
    return [{ what: '--privileged', severity: 'high' }];
  const namespace = value === 'host' ? HOST_NAMESPACES[flag] : undefined;
  if (namespace !== undefined) return [{ what: `${flag} host`, severity: namespace }];
  if (flag === '--cap-add' && POWERFUL_CAPABILITIES.has(value.toUpperCase().replace(/^CAP_/, '')))
    return [{ what: `--cap-add ${value}`, severity: 'high' }];
  if (flag === '--security-opt' && /(?:seccomp|apparmor)[=:]unconfined|label[=:]disable/.test(value))
    return [{ what: `--security-opt ${value}`, severity: 'medium' }];
  if (flag === '-v' || flag === '--volume') return mounted(value.split(':')[0] ?? '', home);
  if (flag === '--mount' && !/(?:^|,)type=(?:volume|tmpfs)/.test(value)) {
    return mounted(/(?:^|,)(?:source|src)=([^,]*)/.exec(value)?.[1] ?? '', home);
  }
  return [];
}

function mounted(source: string, home: string): readonly Reach[] {
  const path = source.length > 1 ? source.replace(/\/+$/, '') : source;
  if (ENGINE_SOCKET.test(path)) return [{ what: `the engine’s socket ${path}`, severity: 'high' }];
  if (path === '/' || HOST_DIRECTORIES.test(path)) return [{ what: `${path} mounted`, severity: 'high' }];
  if (KEY_DIRECTORIES.test(path)) return [{ what: `${path} mounted`, severity: 'high' }];
  const isHome = path === home || /^(?:~|\$HOME|\$\{(?:env:)?HOME\}|\$\{userHome\})$/.test(path);
  return isHome ? [{ what: 'the whole home mounted', severity: 'medium' }] : [];
}
