/** Root of the installation on macOS. Only root can write there, other than to /usr/local where Homebrew was. */
export const ROOT = '/Library/Sealwatch';
/** Directory of the log files that launchd writes; the package makes it. */
export const LOGS = '/Library/Logs/Sealwatch';
/** Label of the agent's job, and the identifier that its program is signed with. */
export const AGENT_LABEL = 'dev.sealwatch.agent';
export const CENTRAL_LABEL = 'dev.sealwatch.central';
/** Labels of all our jobs begin so. */
export const LABEL_PREFIX = 'dev.sealwatch.';
/**
 * The agent's own copy of the Node runtime, which only root may execute (mode 0500). It gets Full Disk Access; were it
 * a runtime that everybody may start, so would everybody's scripts.
 */
export const AGENT_PROGRAM = `${ROOT}/libexec/sealwatch-agent`;
/** What runs everything else. */
export const RUNTIME = `${ROOT}/runtime/node`;
export const MAIN = `${ROOT}/dist/bundle/start.js`;
export const CENTRAL_USER = '_sealwatch';
