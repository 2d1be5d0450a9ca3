// A server that reads its token anew at every line of its input, and prints it; an empty line where there is none.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

for await (const variable of createInterface({ input: process.stdin })) {
  let token = '';
  try {
    token = readFileSync(process.env[variable] ?? '', 'utf8');
  } catch {}
  process.stdout.write(`${token}\n`);
}
