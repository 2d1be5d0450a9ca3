import { amazonq } from './amazonq.ts';
import { amp } from './amp.ts';
import { antigravity } from './antigravity.ts';
import { augment } from './augment.ts';
import { bedrockClient } from './bedrock-client.ts';
import { boltai } from './boltai.ts';
import { claudeCode } from './claude-code.ts';
import { claudeDesktop } from './claude-desktop.ts';
import type { Client } from './client.ts';
import { cline } from './cline.ts';
import { codex } from './codex.ts';
import { continueDev } from './continue.ts';
import { copilot } from './copilot.ts';
import { copilotIde } from './copilot-ide.ts';
import { cortex } from './cortex.ts';
import { crush } from './crush.ts';
import { cursor } from './cursor.ts';
import { deepagents } from './deepagents.ts';
import { devin } from './devin.ts';
import { dockerMcp } from './docker-mcp.ts';
import { enconvo } from './enconvo.ts';
import { factory } from './factory.ts';
import { gemini } from './gemini.ts';
import { generic } from './generic.ts';
import { goose } from './goose.ts';
import { grok } from './grok.ts';
import { hermes } from './hermes.ts';
import { jetbrainsAi } from './jetbrains-ai.ts';
import { junie } from './junie.ts';
import { kilocode } from './kilocode.ts';
import { kimi } from './kimi.ts';
import { kiro } from './kiro.ts';
import { librechat } from './librechat.ts';
import { lmstudio } from './lmstudio.ts';
import { mcporter } from './mcporter.ts';
import { muse } from './muse.ts';
import { openInterpreter } from './open-interpreter.ts';
import { openclaw } from './openclaw.ts';
import { opencode } from './opencode.ts';
import { openhands } from './openhands.ts';
import { pi } from './pi.ts';
import { qoder } from './qoder.ts';
import { qwen } from './qwen.ts';
import { raycast } from './raycast.ts';
import { reasonix } from './reasonix.ts';
import { roo } from './roo.ts';
import { rovodev } from './rovodev.ts';
import { sema4 } from './sema4.ts';
import { tabnine } from './tabnine.ts';
import { takt } from './takt.ts';
import { tome } from './tome.ts';
import { trae } from './trae.ts';
import { vibe } from './vibe.ts';
import { visualStudio } from './visual-studio.ts';
import { vscode, vscodeInsiders, vscodium } from './vscode.ts';
import { warp } from './warp.ts';
import { windsurf } from './windsurf.ts';
import { witsy } from './witsy.ts';
import { zcode } from './zcode.ts';
import { zed } from './zed.ts';
import { zeptoclaw } from './zeptoclaw.ts';

/**
 * Every client known; to add one is to add a file and a line. Connectors of claude.ai, ChatGPT and Copilot
 * Studio live with their makers and leave no file on a host, so they are not here.
 */
export const CLIENTS: readonly Client[] = [
  claudeDesktop,
  claudeCode,
  cursor,
  vscode,
  vscodeInsiders,
  vscodium,
  copilot,
  copilotIde,
  visualStudio,
  codex,
  gemini,
  zed,
  continueDev,
  goose,
  windsurf,
  devin,
  cline,
  roo,
  kiro,
  amazonq,
  qwen,
  factory,
  junie,
  jetbrainsAi,
  lmstudio,
  antigravity,
  trae,
  opencode,
  kilocode,
  crush,
  amp,
  warp,
  augment,
  qoder,
  kimi,
  vibe,
  grok,
  rovodev,
  openhands,
  openclaw,
  zeptoclaw,
  hermes,
  zcode,
  pi,
  muse,
  reasonix,
  takt,
  deepagents,
  cortex,
  tabnine,
  openInterpreter,
  sema4,
  boltai,
  witsy,
  enconvo,
  tome,
  librechat,
  bedrockClient,
  mcporter,
  dockerMcp,
  raycast,
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
