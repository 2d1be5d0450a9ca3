import { databaseOf, identityOf, loadCentralConfig, openCentral } from '../../../central/index.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import type { Installation } from '../../installation.ts';
import { makeLog } from '../../logger.ts';
import { ServiceNotice } from '../../notice/service-notice.ts';
import type { Output } from '../../output.ts';
import { stopSignal, untilAborted } from '../../stop-signal.ts';

/** `sealwatch central run`: the collector by its config file, logging JSON to stderr. */
export async function centralRun(file: string, install: Installation, output: Output): Promise<ExitCode> {
  const notice = ServiceNotice.of(process.env, process.pid);
  const config = loadCentralConfig(file);
  const stopped = stopSignal();
  const central = await openCentral({
    databasePath: databaseOf(config),
    ...config.api.listen,
    api: config.api,
    identity: identityOf(config),
    feeds: config.feeds,
    bundles: config.bundles,
    retention: config.retention,
    silence: config.silence,
    ingest: config.limits,
    roles: config.roles,
    ...(config.bus === undefined ? {} : { bus: config.bus }),
    ...(config.node === undefined ? {} : { node: config.node }),
    rulesDirectory: install.rules,
    version: install.version,
    log: makeLog('json', 'info'),
  });
  output.say(`sealwatch: central at ${central.url}`);
  if (central.agentUrl !== '') output.say(`sealwatch: agents at ${central.agentUrl}`);
  output.say('sealwatch: ready');
  notice.ready(`answers at ${central.url}`);
  await untilAborted(stopped);
  notice.stopping();
  await central.stop();
  return EXIT.fine;
}
