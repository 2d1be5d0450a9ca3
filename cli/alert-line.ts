import type { Alert } from '../wire/index.ts';
import { type Output, printable } from './output.ts';

const MAX_ANCESTORS = 6;

/** An alert for a person: what, where, and the evidence in a few short lines. */
export function alertLines(alert: Alert, { colours }: Output): string {
  const { rule, server, actor, change } = alert;
  const loud = rule.level === 'high' || rule.level === 'critical';
  const level = loud ? colours.red(rule.level) : colours.yellow(rule.level);
  const about = server === null ? '' : ` ${server.client}/${printable(server.name)} [${server.state}]`;
  const lines = [`${alert.time} ${level} ${colours.bold(rule.name)}${about} user=${printable(alert.user)}`];
  lines.push(`    ${printable(rule.title)}`);
  if (actor !== null) lines.push(`    process  ${actor.pid} ${printable(actor.cmdline).slice(0, 200)}`);
  if (alert.ancestry.length > 0) {
    const names = alert.ancestry
      .slice(0, MAX_ANCESTORS)
      .map(({ pid, exe }) => `${exe.split('/').at(-1)}(${pid})`);
    lines.push(`    from     ${printable(names.join(' ← '))}`);
  }
  if (change !== null) {
    lines.push(`    artefact ${change.artefact.role} ${printable(change.artefact.path)}`);
    lines.push(`    digest   ${short(change.before)} → ${short(change.after)}`);
  }
  return lines.join('\n');
}

function short(digest: string | null): string {
  return digest === null ? 'none' : digest.slice(0, 16);
}
