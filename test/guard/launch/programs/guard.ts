// Stands for the guard: starts a server and lives until it is killed. Arguments: the mode, and the command.
import { startServer } from '../../../../guard/launch/server-process.ts';

const [launcher = '', mode, path = '', ...args] = process.argv.slice(2);
const server = await startServer({
  launcher,
  mode: mode === 'strict' ? 'strict' : 'plain',
  command: { path, argv0: path, args },
  cwd: '/',
  env: process.env,
  sealed: null,
  onRefused: () => {},
});
server.stdout.pipe(process.stdout);
await server.ended;
