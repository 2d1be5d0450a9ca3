import { spawnSync } from 'node:child_process';
import { createSensorCollector } from '../../../../../collectors/process/ebpf/sensor.ts';
import { sensorPath } from '../../built-sensor.ts';
import { EventLog } from '../../event-log.ts';

// Prints the pid of a process as its parent and as the sensor know it, and how much of the host is told.
const log = new EventLog();
const sensor = createSensorCollector({ path: sensorPath });
await sensor.start(log.sink);
const { pid } = spawnSync('/bin/echo', ['told-inside']);
process.stdout.write('started\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
await sensor.sync();
const [told] = log.execs('told-inside');
const outside = log.execs('told-outside').length;
await sensor.stop();
process.stdout.write(JSON.stringify({ pid, told: told?.pid, ppid: told?.ppid, own: process.pid, outside }));
process.exit();
