// Takes webhooks and appends their bodies to a file, one a line: `webhook-receiver.ts PORT FILE`.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, file = ''] = process.argv.slice(2);
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    appendFileSync(file, `${Buffer.concat(chunks).toString()}\n`);
    response.writeHead(204).end();
  });
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
