import { join } from 'node:path';
import { LABELS, PLACES, type ServicePart } from './parts.ts';

const LOG_DIRECTORY = '/var/log/sealwatch';

/** Where the property list of a part lies on the installed system. */
export function plistPath(part: ServicePart): string {
  return `/Library/LaunchDaemons/${LABELS[part]}.plist`;
}

/** The daemon of a part for launchd (launchd.plist(5)): started at boot, and again whenever it ends. */
export function launchdPlist(part: ServicePart, root: string): string {
  const words = [join(root, 'bin', 'sealwatch'), part, 'run', '--config', PLACES[part].config];
  const array = words.map((word) => `    <string>${escaped(word)}</string>`).join('\n');
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
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ExitTimeOut</key>
  <integer>30</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>StandardErrorPath</key>
  <string>${LOG_DIRECTORY}/${part}.log</string>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
