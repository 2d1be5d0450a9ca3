import { Journal } from '../../../../guard/evidence/journal.ts';

// Writes records into the directory that is named until it is killed; says so once the first are written.
const [, , directory = ''] = process.argv;
const journal = new Journal(directory);
for (let round = 0; ; round += 1) {
  for (let count = 0; count < 100; count += 1)
    journal.write({
      server: null,
      kind: 'frame',
      from: 'server',
      fault: 'x'.repeat(count * 20),
      passed: true,
      count: 1,
    });
  journal.flush();
  if (round === 0) process.stdout.write('written\n');
}
