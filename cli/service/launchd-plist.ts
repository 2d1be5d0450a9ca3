import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { LABELS, PLACES, type ServicePart } from './parts.ts';

/** Directory of the log files that launchd writes. */
export const LOG_DIRECTORY = '/Library/Logs/Sealwatch';

/** Where the property list of a part lies on the installed system. */
export function plistPath(part: ServicePart): string {
  return `/Library/LaunchDaemons/${LABELS[part]}.plist`;
}

/**
 * The words that start an installation. Its runtime is named itself where it has one: macOS judges what a job is, and
 * may see, by its first word, and a shell script has no signature.
 */
export function launchWords(root: string, seenAs: string): readonly string[] {
  const fetched = globSync('.runtime/node_modules/node-darwin-*/bin/node', { cwd: root });
  const runtime = ['runtime/node', ...fetched].find((path) => existsSync(join(root, path)));
  if (runtime === undefined) return [join(seenAs, 'bin', 'sealwatch')];
  return [join(seenAs, runtime), '--max-semi-space-size=4', join(seenAs, 'dist', 'bundle', 'start.js')];
}

/** The daemon of a part for launchd (launchd.plist(5)): started at boot, and again whenever it ends. */
export function launchdPlist(part: ServicePart, words: readonly string[]): string {
  const all = [...words, part, 'run', '--config', PLACES[part].config];
  const array = all.map((word) => `    <string>${escaped(word)}</string>`).join('\n');
  // eslogger drops what is not read in time: the agent must not be slowed down.
  const type = part === 'agent' ? 'Interactive' : 'Standard';
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LABELS[part]}</string>
  <key>ProgramArguments</key>
  <array>
${array}
  </array>
  <key>ProcessType</key>
  <string>${type}</string>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ExitTimeOut</key>
  <integer>20</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardErrorPath</key>
  <string>${LOG_DIRECTORY}/${part}.log</string>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
