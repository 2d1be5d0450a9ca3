// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configs, not templates
import type { Severity } from '../../wire/index.ts';

/** What is known of a finding before it is found: the words of every report, SARIF rule and console. */
export interface FindingKind {
  readonly title: string;
  /** The severity it has unless the circumstances say otherwise. */
  readonly severity: Severity;
  /** Why it matters. */
  readonly why: string;
  /** What to do about it. */
  readonly fix: string;
  /**
   * Mappings in Sigma's tag spelling: ATT&CK technique, OWASP Top 10 for agentic applications (ASI), MAESTRO
   * layer, NIST CSF 2.0 subcategory.
   */
  readonly tags: readonly string[];
}

/** Every standing defect that a server, or a setting beside it, can have; docs/findings.md is checked against it. */
export const FINDING_KINDS = {
  mcp_unpinned_package: {
    title: 'Package or image without an exact version',
    severity: 'medium',
    why: 'The launcher takes whatever the registry offers at the next start. Who takes over the package, or its name, runs code here without any change on this host.',
    fix: 'Name an exact version (`name@1.2.3`, `name==1.2.3`), a commit, or an image digest (`image@sha256:…`).',
    tags: ['attack.t1195.002', 'owasp.asi04', 'maestro.l7', 'nist.csf.gv.sc-07', 'nist.csf.pr.ps-02'],
  },
  mcp_hardcoded_secret: {
    title: 'Secret written into the config',
    severity: 'high',
    why: 'Configs are backed up, synchronised, committed and read by every program of the user, so the secret is too.',
    fix: 'Revoke the secret, then have the client read the new one from its prompt, a variable or a secret store (`${VAR}`, `inputs`, `op://…`).',
    tags: ['attack.t1552.001', 'owasp.asi03', 'maestro.l4', 'nist.csf.pr.ds-01', 'nist.csf.pr.aa-01'],
  },
  mcp_config_writable_by_others: {
    title: 'Config that others can write',
    severity: 'high',
    why: 'Who can write the config, or a directory above it, chooses what the client starts as its user.',
    fix: 'Take the right to write away from all but the owner: `chmod go-w` on the file and every directory above it, and check its access control list.',
    tags: ['attack.t1574', 'owasp.asi04', 'maestro.l4', 'nist.csf.pr.aa-05', 'nist.csf.pr.ps-01'],
  },
  mcp_helper_writable: {
    title: 'Program or helper that others can write',
    severity: 'high',
    why: 'Who can write a file that the server runs, or a directory above it, runs code as the server with all its secrets.',
    fix: 'Take the right to write away (`chmod go-w`); in production let root own what the server runs.',
    tags: ['attack.t1554', 'owasp.asi04', 'owasp.asi05', 'maestro.l4', 'nist.csf.pr.aa-05'],
  },
  mcp_auto_approve: {
    title: 'Tool calls or servers approved without asking',
    severity: 'high',
    why: 'Text that the model reads can make it call tools; where nobody is asked, nobody can say no.',
    fix: 'Remove the setting, or list only tools that read and cannot send.',
    tags: ['attack.t1204', 'owasp.asi02', 'owasp.asi09', 'maestro.l3', 'nist.csf.pr.aa-05'],
  },
  mcp_shell_wrapper: {
    title: 'Server started through a shell text',
    severity: 'low',
    why: 'A shell text can do anything beside starting the server, and reads start-up files, variables and file names that others may choose.',
    fix: 'Name the program and its arguments directly; put variables into `env` or an env file.',
    tags: ['attack.t1059', 'attack.t1059.004', 'owasp.asi05', 'maestro.l4', 'nist.csf.pr.ps-05'],
  },
  mcp_plain_http: {
    title: 'Connection without encryption',
    severity: 'medium',
    why: 'Everyone on the way reads and changes tool descriptions, results and tokens.',
    fix: 'Use https.',
    tags: ['attack.t1557', 'attack.t1040', 'owasp.asi07', 'maestro.l4', 'nist.csf.pr.ds-02'],
  },
  mcp_remote_unauthenticated: {
    title: 'Remote server without authentication in the config',
    severity: 'informational',
    why: 'The config names no credential. That is as it should be where OAuth is negotiated at run time; without it, anyone can use the server and nothing says whose answers these are.',
    fix: 'Check that the client signs in when it connects; if it does not, demand authentication or leave the server.',
    tags: ['owasp.asi03', 'owasp.asi07', 'maestro.l7', 'nist.csf.pr.aa-03'],
  },
  mcp_loader_variable: {
    title: 'Variable that makes a loader run other code',
    severity: 'medium',
    why: 'The loader, interpreter or shell acts on it before the server does: what it names runs as the server, whatever the package or script is.',
    fix: 'Remove the variable, or unset it for the client; install what is needed where the server looks for it anyway.',
    tags: ['attack.t1574.006', 'owasp.asi05', 'maestro.l4', 'nist.csf.pr.ps-01'],
  },
  mcp_npx_call: {
    title: 'Shell text handed to npx',
    severity: 'medium',
    why: '`npx -c` runs a shell with packages on its PATH: any program of them may be what runs.',
    fix: 'Name the package with its version: `npx -y name@1.2.3`.',
    tags: ['attack.t1059.004', 'attack.t1195.002', 'owasp.asi05', 'maestro.l4', 'nist.csf.pr.ps-05'],
  },
  mcp_path_writable: {
    title: 'Launcher found through a PATH that can be shadowed',
    severity: 'high',
    why: 'The config names a program without its place; who can write a directory of PATH up to where it is found chooses what runs.',
    fix: 'Name the program by its absolute path, or take the directory out of PATH or the right to write it away.',
    tags: ['attack.t1574.007', 'owasp.asi04', 'maestro.l4', 'nist.csf.pr.aa-05', 'nist.csf.pr.ps-01'],
  },
  mcp_self_authority: {
    title: 'Server that can rewrite what authorises it',
    severity: 'high',
    why: 'A server that can write its own config or program can change what it may do, and keep it. On a laptop that is always so, as client and server run as one user.',
    fix: 'In production run the server as a user of its own that can write neither the config nor what it runs; let root own both.',
    tags: ['attack.t1554', 'attack.t1222', 'owasp.asi03', 'owasp.asi10', 'maestro.l6', 'nist.csf.pr.aa-05'],
  },
  mcp_config_symlink: {
    title: 'Config behind a symbolic link',
    severity: 'low',
    why: 'What the link points to decides, and that may lie where others write or a synchroniser changes it.',
    fix: 'Put the file itself in place, or make sure that you trust everyone who can write its target.',
    tags: ['attack.t1574', 'owasp.asi04', 'maestro.l4', 'nist.csf.pr.ps-01'],
  },
  mcp_closure_unresolved: {
    title: 'Something that decides could not be sealed',
    severity: 'low',
    why: 'An approval covers what could be read. What could not, such as a package that is fetched at the start, may change unseen.',
    fix: 'Install it on this host, name it by an absolute path or an exact version, then scan again.',
    tags: ['attack.t1195.002', 'owasp.asi04', 'maestro.l4', 'nist.csf.id.am-02'],
  },
  mcp_docker_privileged: {
    title: 'Container that reaches the host',
    severity: 'high',
    why: 'The container holds nothing back: through these options its program acts on the host.',
    fix: 'Drop the option; mount single directories, read-only where that is enough.',
    tags: ['attack.t1611', 'owasp.asi03', 'owasp.asi05', 'maestro.l4', 'nist.csf.pr.aa-05'],
  },
  mcp_insecure_tls: {
    title: 'Certificates are not checked',
    severity: 'high',
    why: 'With the check off, https protects from nobody who stands between: tokens can be read, answers and packages replaced.',
    fix: 'Remove the switch; trust the authority’s certificate instead (`NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`).',
    tags: ['attack.t1557', 'attack.t1553.004', 'owasp.asi07', 'maestro.l4', 'nist.csf.pr.ds-02'],
  },
  mcp_root_filesystem: {
    title: 'File server given the root, a home or a key directory',
    severity: 'medium',
    why: 'Whatever text the model reads can then reach every file there: keys, tokens, shell start-up files.',
    fix: 'Give it the project directories that it needs, one by one.',
    tags: [
      'attack.t1005',
      'attack.t1552.004',
      'owasp.asi02',
      'owasp.asi03',
      'maestro.l2',
      'nist.csf.pr.aa-05',
    ],
  },
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingId = keyof typeof FINDING_KINDS;

export const FINDING_IDS: readonly FindingId[] = Object.keys(FINDING_KINDS).filter(isFindingId);

export function isFindingId(id: string): id is FindingId {
  return Object.hasOwn(FINDING_KINDS, id);
}

/** What the catalogue says of an id; null for one of another version. */
export function findingKind(id: string): FindingKind | null {
  return isFindingId(id) ? FINDING_KINDS[id] : null;
}
