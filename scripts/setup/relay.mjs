// Builds the guard's relay. Never fatal: without it every message passes through the guard itself.
import { plainProgram } from './plain-program.mjs';

/** Brings `out`/sealwatch-relay up to date with its sources; as prepareNative. */
export const prepareRelay = plainProgram({
  folder: ['guard', 'relay', 'program'],
  part: 'guard',
  product: 'sealwatch-relay',
  log: 'relay.log',
  elsewhere: 'the relay is for Linux',
});
