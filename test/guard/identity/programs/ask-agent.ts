// Asks the agent of a state directory for a token as another user, and prints the token or why there is none.
import { AgentIdentity } from '../../../../guard/identity/agent-identity.ts';

const [stateDir = '', uid = '', timeoutMs = '', request = ''] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));
const answer = await new AgentIdentity(stateDir, Number(timeoutMs)).issue(JSON.parse(request)).then(
  (token) => ({ token }),
  ({ code, message }) => ({ code, message }),
);
process.stdout.write(JSON.stringify(answer));
