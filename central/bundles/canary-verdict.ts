import type { BundleSettings } from './settings.ts';

/** How a group of hosts is; counts of hosts, except `alerts`. */
export interface GroupHealth {
  /** Hosts that were there when the rollout began. */
  readonly hosts: number;
  /** Of them, those that went away without saying goodbye. */
  readonly away: number;
  /** Of them, those with a collector that was well and is not any more. */
  readonly degraded: number;
  /** Of them, those that lost events or alerts since. */
  readonly losing: number;
  /** Alerts of an hour, of all of them together. */
  readonly alertsPerHour: number;
  /** Alerts of all of them together since the rollout began. */
  readonly alerts: number;
}

/** What is known of the canaries of a rollout. */
export interface CanaryReport {
  readonly canaries: GroupHealth;
  /** Hosts in scope that do not have the bundle yet; without any, only the canaries' own past counts. */
  readonly control: GroupHealth;
  /** Alerts an hour of the canaries before the rollout. */
  readonly alertsPerHourBefore: number;
  readonly applied: number;
  readonly refused: number;
  /** Milliseconds since most of the canaries took the bundle; null while they have not. */
  readonly soakedMs: number | null;
}

export type CanaryVerdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'go' }
  | { readonly kind: 'stop'; readonly reason: string };

/**
 * Says whether a rollout goes on. Canaries are worse where more of them than of the others went away, degraded or began to
 * lose, by more than a margin; where they refuse; or where they raise more alerts than they did and than the others do.
 */
export function judgeCanaries(report: CanaryReport, settings: BundleSettings): CanaryVerdict {
  const reason = refusal(report, settings) ?? worsening(report, settings) ?? alarm(report, settings);
  if (reason !== null) return { kind: 'stop', reason };
  const { soakedMs } = report;
  return soakedMs !== null && soakedMs >= settings.soak_ms ? { kind: 'go' } : { kind: 'wait' };
}

function refusal({ applied, refused }: CanaryReport, settings: BundleSettings): string | null {
  const share = percent(refused, applied + refused);
  return refused > 0 && share > settings.refused_percent
    ? `${refused} of ${applied + refused} hosts that answered refuse it`
    : null;
}

function worsening({ canaries, control }: CanaryReport, { worse_percent }: BundleSettings): string | null {
  const signs = [
    ['away', 'went away'],
    ['degraded', 'are degraded'],
    ['losing', 'lose events'],
  ] as const;
  for (const [sign, words] of signs) {
    const more = percent(canaries[sign], canaries.hosts) - percent(control[sign], control.hosts);
    if (more > worse_percent)
      return `${canaries[sign]} of ${canaries.hosts} canaries ${words}, and ${control[sign]} of ${control.hosts} others`;
  }
  return null;
}

function alarm(report: CanaryReport, { alert_factor, least_alerts }: BundleSettings): string | null {
  const { canaries, control, alertsPerHourBefore } = report;
  if (canaries.alerts < least_alerts) return null;
  const others = control.hosts === 0 ? 0 : (control.alertsPerHour / control.hosts) * canaries.hosts;
  const usual = Math.max(alertsPerHourBefore, others);
  return canaries.alertsPerHour > usual * alert_factor
    ? `canaries raise ${Math.round(canaries.alertsPerHour)} alerts an hour, where ${Math.round(usual)} would be usual`
    : null;
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}
