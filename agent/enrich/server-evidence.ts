import { type ImportLanguage, serverImport, serverImportOf } from './mcp-imports.ts';
import { packageOf, readStart, type ScriptPackage } from './mcp-packages.ts';
import type { Program, RunningProgram } from './running-program.ts';

/** Why a program is held for an MCP server, and what it is to be called. */
export interface ServerEvidence {
  /** `name:…`, `import:…`, `dependency:…` and `command:…`, each with what was found. */
  readonly found: readonly string[];
  readonly name: string;
}

const MCP_WORD =
  /(?:^|[^a-z0-9])(?:mcp(?:-?servers?)?|modelcontextprotocol)(?:[^a-z0-9]|$)|model context protocol/;
/** Tools about servers, which speak the other side of MCP or none of it. */
const TOOL_WORD =
  /(?:^|[^a-z0-9])(?:tests?|specs?|builds?|lint|bench|clients?|inspector|install)(?:[^a-z0-9]|$)/;
/** Names that say nothing of the program. */
const PLAIN_NAME = /^(?:index|main|server|cli|app|start|run|stdio|__main__)$/i;
const MAX_NAME_CHARS = 100;

/** Whether a name has the word MCP in it: `mcp-server-git`, `GitHubMcpServer`, `@modelcontextprotocol/x`. */
export function namesMcp(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
  return MCP_WORD.test(words);
}

/**
 * What speaks for a program being an MCP server; null where nothing does. Only the name of the program itself
 * counts, never its arguments: any tool may be told to look at something called mcp. `home` is the package of the
 * client: its own workers are not servers, though they share its libraries.
 */
export function evidenceOf(program: Program, home: string | null): ServerEvidence | null {
  const script = program.script === null ? null : readStart(program.script);
  const owner = script === null ? null : packageOf(script.path);
  if (owner !== null && owner.directory === home) return null;
  const names = owner?.isEntry === true ? [...program.names, owner.name] : program.names;
  const found = [
    ...names
      .filter((name) => namesMcp(name) && !TOOL_WORD.test(name.toLowerCase()))
      .map((name) => `name:${name}`),
    ...importEvidence(program, script?.path ?? null),
    ...commandEvidence(program),
    ...(owner !== null && dependsOnPurpose(owner) ? [`dependency:${owner.sdk}`] : []),
  ];
  return found.length === 0 ? null : { found: [...new Set(found)], name: nameOf(program, owner) };
}

/** The package of a client's script: what lies in it is the client itself. */
export function packageDirectory(program: RunningProgram): string | null {
  if (program.kind !== 'program' || program.script === null) return null;
  const script = readStart(program.script);
  return script === null ? null : (packageOf(script.path)?.directory ?? null);
}

function importEvidence({ language, code }: Program, script: string | null): readonly string[] {
  if (language === 'other') return [];
  const spoken: ImportLanguage = language;
  const found = code === null ? script && serverImport(script, spoken) : serverImportOf(code, spoken);
  return found === null || found === '' ? [] : [`import:${found}`];
}

/** A tool that has a server as one of its commands: `ng mcp`, `playwright mcp --port 1`. Scripts only: `grep mcp`. */
function commandEvidence({ names, args, language }: Program): readonly string[] {
  const [command = '', next = '-'] = args;
  const serves = /^mcp(?:-server)?$/.test(command) && /^(?:-.*|serve|server|start|run|stdio)$/.test(next);
  return serves && language !== 'other' ? [`command:${stemOf(names[0] ?? '')} ${command}`] : [];
}

/** Large tools have an MCP server as one of many commands: of what is installed, the package must be about MCP. */
function dependsOnPurpose({ sdk, isEntry, isExtension, installed, about }: ScriptPackage): boolean {
  return sdk !== null && isEntry && !isExtension && (!installed || namesMcp(about));
}

/** The name that tells most: one with MCP in it, else one that means something. */
function nameOf({ names }: Program, owner: ScriptPackage | null): string {
  const all = [...names].reverse().concat(owner?.name ?? []);
  const telling = all.find((name) => namesMcp(name)) ?? all.find((name) => !PLAIN_NAME.test(stemOf(name)));
  return stemOf(telling ?? all[0] ?? '').slice(0, MAX_NAME_CHARS);
}

function stemOf(name: string): string {
  return name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/\.(?:[cm]?[jt]s|pyw?|jar|dll|exe|rb|php|pl|lua)$/i, '');
}
