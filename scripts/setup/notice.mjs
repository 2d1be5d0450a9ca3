// Builds what lets a service talk to systemd. Never fatal: without it nobody runs as a service of systemd.
import { plainProgram } from './plain-program.mjs';

/** Brings `out`/sealwatch-notify up to date with its sources; as prepareNative. */
export const prepareNotice = plainProgram({
  folder: ['cli', 'notice', 'program'],
  part: 'notice',
  product: 'sealwatch-notify',
  log: 'notice.log',
  elsewhere: 'systemd is for Linux',
});
