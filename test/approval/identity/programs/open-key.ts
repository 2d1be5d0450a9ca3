// Opens the identity key of a state directory once told to, and says its id.
import { openIdentityKey } from '../../../../approval/identity/identity-key.ts';

process.stdin.once('data', () => {
  process.stdout.write(openIdentityKey(process.argv[2] ?? '').id);
  process.stdin.destroy();
});
process.stdout.write('ready\n');
