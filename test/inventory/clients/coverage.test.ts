import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLIENTS, findClient } from '../../../inventory/clients/catalogue.ts';

const LIST = join(import.meta.dirname, '../../../../shared/mcp-clients.md');

/** The clients of each row of the list; none where there is no file to read. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  'Claude Desktop': ['claude-desktop'],
  'Claude Code': ['claude-code'],
  Cursor: ['cursor'],
  'VS Code': ['vscode'],
  'VS Code Insiders': ['vscode-insiders'],
  'Copilot CLI': ['copilot'],
  'Copilot in JetBrains / Eclipse / Xcode': ['copilot-ide'],
  'Visual Studio': ['visual-studio'],
  Windsurf: ['windsurf'],
  'Devin Local': ['devin'],
  Zed: ['zed'],
  Cline: ['cline'],
  'Roo Code': ['roo'],
  'Kilo Code': ['kilocode'],
  Continue: ['continue'],
  'Codex CLI/app': ['codex'],
  'Gemini CLI': ['gemini'],
  'Qwen Code': ['qwen'],
  Antigravity: ['antigravity'],
  Goose: ['goose'],
  opencode: ['opencode'],
  Crush: ['crush'],
  Amp: ['amp'],
  'Amazon Q': ['amazonq'],
  Kiro: ['kiro'],
  Junie: ['junie'],
  'JetBrains AI Assistant': ['jetbrains-ai'],
  'LM Studio': ['lmstudio'],
  Warp: ['warp'],
  Augment: ['augment'],
  Trae: ['trae'],
  'Factory droid': ['factory'],
  Qoder: ['qoder'],
  Kimi: ['kimi'],
  'Mistral Vibe': ['vibe'],
  'Grok CLI': ['grok'],
  'Rovo Dev': ['rovodev'],
  OpenHands: ['openhands'],
  'OpenClaw / ZeptoClaw': ['openclaw', 'zeptoclaw'],
  Hermes: ['hermes'],
  ZCode: ['zcode'],
  Pi: ['pi'],
  'Muse / Reasonix / Takt / deepagents': ['muse', 'reasonix', 'takt', 'deepagents'],
  'Cortex Code': ['cortex'],
  'Tabnine / Open Interpreter / Sema4.ai': ['tabnine', 'open-interpreter', 'sema4'],
  'BoltAI / Witsy / Enconvo / Tome': ['boltai', 'witsy', 'enconvo', 'tome'],
  'LibreChat / Bedrock client / MCPorter': ['librechat', 'bedrock-client', 'mcporter'],
  'Docker MCP Toolkit': ['docker-mcp'],
  Raycast: ['raycast'],
  // Connectors live with their maker.
  'Copilot Studio / ChatGPT / claude.ai connectors': [],
};

/** Paths of the list that no place of its client covers, with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

const PATH_LIKE = /[/\\.]/;
const FILE_NAME = /\.(?:json|jsonc|toml|yaml|yml|plist|js|db)$/;
/** What the list writes for a name that varies. */
const VARYING = /<[^>]+>|\*\*|\*/g;
/** What stands before a path in the list, and is a base in the catalogue. */
const PREFIX =
  /^(?:<AS>|<RC>|<appSupport>|<userdata>|<Code\|Cursor userdata>|<SolutionDir>|\$[A-Z_]+|%[A-Za-z]+%|AppData\/(?:Local|Roaming)|[A-Z]:|…|~\/\.config|~\/\.local\/share|~)?\//;

interface Mention {
  readonly row: string;
  readonly written: string;
}

/** Every file that a row names in the columns of user, project, managed and extra files. */
function mentionsIn(list: string): readonly Mention[] {
  return list.split('\n').flatMap((line) => {
    const row = /^\| \*\*([^*]+)\*\*/.exec(line)?.[1];
    if (row === undefined) return [];
    const cells = line.replaceAll('\\|', '¦').split('|').slice(2, 7);
    const quoted = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text));
    return quoted
      .map((text) => text.replaceAll('¦', '|'))
      .filter((text) => PATH_LIKE.test(text) && pathsOf(text).some((path) => FILE_NAME.test(path)))
      .map((written) => ({ row, written }));
  });
}

/** The paths that one text stands for: `x.json(c)` and `{a,b}.json` are two. */
function pathsOf(written: string): readonly string[] {
  const plain = written.replaceAll('\\', '/').replace(PREFIX, '').replace(VARYING, 'x');
  const optional = plain.endsWith('(c)') ? [plain.slice(0, -3), `${plain.slice(0, -3)}c`] : [plain];
  return optional.flatMap(alternatives);
}

function alternatives(text: string): readonly string[] {
  const [, before = '', choices, after = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(text) ?? [];
  return choices === undefined
    ? [text]
    : choices.split(',').flatMap((choice) => alternatives(`${before}${choice}${after}`));
}

/** Compares from the end, as the list leaves out the beginning of some paths; a place is never left out in part. */
function endsAlike(place: readonly string[], path: readonly string[]): boolean {
  const wanted = place.at(-1);
  const given = path.at(-1);
  if (given === undefined) return true;
  if (wanted === undefined) return path.join('/') === 'ProgramData';
  if (wanted === '**') return endsAlike(place.slice(0, -1), path) || endsAlike(place, path.slice(0, -1));
  const pattern = wanted.split('*').map((part) => part.replace(/[.+^${}()|[\]\\]/g, '\\$&'));
  const isSame = new RegExp(`^${pattern.join('.*')}$`, 'i').test(given);
  return isSame && endsAlike(place.slice(0, -1), path.slice(0, -1));
}

function placesOf(ids: readonly string[]): readonly (readonly string[])[] {
  const clients = ids.map((id) => findClient(id)).filter((client) => client !== null);
  return clients
    .flatMap((client) => [
      ...client.locations,
      ...(client.sharedLocations ?? []),
      ...(client.controlFiles ?? []),
      ...(client.projectRecords ?? []),
    ])
    .map(({ path }) => path.split('/'));
}

if (!existsSync(LIST)) {
  test('the list of clients is covered', { skip: `NO LIST OF CLIENTS at ${LIST}` }, () => {});
} else {
  const list = readFileSync(LIST, 'utf8');

  test('every row of the list is a client that is known', () => {
    const rows = [...list.matchAll(/^\| \*\*([^*]+)\*\*/gm)].map(([, row = '']) => row);
    assert.deepEqual([...rows].sort(), Object.keys(ROWS).sort());
    for (const id of Object.values(ROWS).flat())
      assert.ok(
        CLIENTS.some((client) => client.id === id),
        id,
      );
  });

  test('every file that a row of the list names is covered by a place of that client', () => {
    const mentions = mentionsIn(list);
    assert.ok(mentions.length > 100, `only ${mentions.length} files are named`);
    const missing = mentions.flatMap(({ row, written }) => {
      const places = placesOf(ROWS[row] ?? []);
      return pathsOf(written)
        .filter((path) => !places.some((place) => endsAlike(place, path.split('/'))))
        .map((path) => `${row}: ${path}`);
    });
    assert.deepEqual([...new Set(missing)].sort(), Object.keys(EXCEPTIONS).sort());
  });
}
