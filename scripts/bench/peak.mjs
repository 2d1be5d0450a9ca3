// Loaded into a measured process by NODE_OPTIONS: leaves its peak memory (KiB) in the file that is named to it.
import { writeFileSync } from 'node:fs';

const target = process.env.SEALWATCH_BENCH_PEAK;
process.on('exit', () => writeFileSync(target, String(process.resourceUsage().maxRSS)));
