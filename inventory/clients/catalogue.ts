import { amazonq } from './amazonq.ts';
import { amp } from './amp.ts';
import { antigravity } from './antigravity.ts';
import { claudeCode } from './claude-code.ts';
import { claudeDesktop } from './claude-desktop.ts';
import type { Client } from './client.ts';
import { cline } from './cline.ts';
import { codex } from './codex.ts';
import { continueDev } from './continue.ts';
import { copilot } from './copilot.ts';
import { crush } from './crush.ts';
import { cursor } from './cursor.ts';
import { factory } from './factory.ts';
import { gemini } from './gemini.ts';
import { generic } from './generic.ts';
import { goose } from './goose.ts';
import { junie } from './junie.ts';
import { kilocode } from './kilocode.ts';
import { kiro } from './kiro.ts';
import { lmstudio } from './lmstudio.ts';
import { opencode } from './opencode.ts';
import { qwen } from './qwen.ts';
import { roo } from './roo.ts';
import { trae } from './trae.ts';
import { vscode } from './vscode.ts';
import { windsurf } from './windsurf.ts';
import { zed } from './zed.ts';

/** Every client known; to add one is to add a file and a line. */
export const CLIENTS: readonly Client[] = [
  claudeDesktop,
  claudeCode,
  cursor,
  vscode,
  codex,
  gemini,
  zed,
  continueDev,
  goose,
  windsurf,
  cline,
  roo,
  kiro,
  amazonq,
  qwen,
  copilot,
  factory,
  junie,
  lmstudio,
  antigravity,
  trae,
  opencode,
  kilocode,
  crush,
  amp,
  generic,
];

const BY_NAME: ReadonlyMap<string, Client> = new Map(
  CLIENTS.flatMap((client) => [client.id, ...(client.aliases ?? [])].map((name) => [name, client] as const)),
);

/** The client of an id or alias. */
export function findClient(name: string): Client | null {
  return BY_NAME.get(name) ?? null;
}

/** Names under which a client's own processes run; none where the client is not known. */
export function clientProcesses(client: string): readonly string[] {
  return findClient(client)?.processes ?? [];
}
