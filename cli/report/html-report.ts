import { createHash } from 'node:crypto';
import { type Artefact, type Finding, type Problem, SEVERITIES, type Server } from '../../wire/index.ts';
import { REPORT_STYLE } from './html-style.ts';
import { html, Markup } from './markup.ts';
import {
  allFindings,
  byClient,
  counted,
  type JudgedControl,
  launchText,
  rank,
  type ScanReport,
  worstOf,
} from './scan-report.ts';

/** A scan as one page that needs nothing else: no script, no font, no picture, nothing from a network. */
export function htmlReport(report: ScanReport): string {
  const style = createHash('sha256').update(REPORT_STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MCP servers of ${report.host}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
${heading(report)}
<main>
<h2>Servers by client</h2>
${overview(report.servers)}
<h2>Findings and closures</h2>
${report.servers.length === 0 ? html`<p class="none">There is no server to look into.</p>` : null}
${byClient(report.servers, ({ name }) => name).map(({ title, items }) => html`<h3>${title}</h3>${items.map(serverArticle)}`)}
${controls(report.controls)}
${problems(report.problems)}
</main>
<footer>Made by Sealwatch ${report.version} from what lies on this host; no server was started and nothing was sent. Values of
environment variables and headers are not in it.</footer>
</body>
</html>
`;
  return page.text;
}

function heading(report: ScanReport): Markup {
  const { host, started, ended, version, profile, servers } = report;
  const found = allFindings(report);
  const clients = new Set(servers.map(({ client }) => client)).size;
  const card = (kind: string, count: number, title: string) =>
    html`<li class="${kind}${count > 0 ? ' some' : ''}"><strong>${count}</strong><span>${title}</span></li>`;
  const severities = SEVERITIES.toReversed().filter((severity) => severity !== 'informational');
  const seconds = (ended.getTime() - started.getTime()) / 1_000;
  return html`<header>
<h1>MCP servers of ${host}</h1>
<p class="facts"><span>Scanned <b>${started.toISOString().slice(0, 16).replace('T', ' ')} UTC</b></span>
<span>in <b>${seconds.toFixed(1)} s</b></span><span>profile <b>${profile}</b></span><span>Sealwatch <b>${version}</b></span></p>
<ul class="cards">
${card('servers', servers.length, servers.length === 1 ? 'server' : 'servers')}
${card('clients', clients, clients === 1 ? 'client' : 'clients')}
${severities.map((severity) => card(severity, found.filter((finding) => finding.severity === severity).length, severity))}
${card('medium', report.problems.length, report.problems.length === 1 ? 'problem' : 'problems')}
</ul>
</header>`;
}

function overview(servers: readonly Server[]): Markup {
  if (servers.length === 0)
    return html`<div class="sheet"><p class="none">No MCP server is configured on this host.</p></div>`;
  const groups = byClient(servers, ({ name }) => name);
  return html`<div class="sheet"><table class="overview">
<thead><tr><th>Server</th><th>State</th><th>User</th><th>Starts</th><th>Worst finding</th></tr></thead>
<tbody>${groups.map(
    ({ title, items }) => html`
<tr><td class="client" colspan="5">${title} (${items.length})</td></tr>${items.map(overviewRow)}`,
  )}
</tbody></table></div>`;
}

function overviewRow(server: Server): Markup {
  const worst = worstOf(server.findings);
  const more = server.findings.length - 1;
  return html`
<tr><td><a href="#s-${server.id}">${server.name}</a></td><td>${stateChips(server)}</td><td class="user">${server.user}</td>
<td><code>${launchText(server)}</code></td><td>${worst === null ? '' : html`${chip(worst.severity, worst.severity)} <span class="mono">${worst.id}</span>`}
${more > 0 ? html` <span class="more">and ${more} more</span>` : null}</td></tr>`;
}

function stateChips({ state, disabled }: Server): Markup {
  return html`${chip(state, state)}${disabled === true ? html` ${chip('off', 'disabled')}` : null}`;
}

/** `kind` is a word of ours, a class of the style sheet. */
function chip(kind: string, text: string): Markup {
  return html`<span class="chip ${kind}">${text}</span>`;
}

function serverArticle(server: Server): Markup {
  const { config_path: path, config_line: line, scope, user, project } = server;
  const where = `${path}${line === null || line === undefined ? '' : `:${line}`}`;
  return html`
<article id="s-${server.id}"><h4>${server.name} ${stateChips(server)}</h4>
<p class="where"><code>${where}</code><br>${scope} scope, user ${user}${project === null ? null : html`, project <code>${project}</code>`}</p>
<p class="where">Starts <code>${launchText(server)}</code></p>
${findings(server.findings)}
${server.findings.length === 0 ? html`<p class="where">No findings.</p>` : null}
${closure(server)}
</article>`;
}

function sorted(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => rank(b.severity) - rank(a.severity));
}

/** Informational ones are folded into a list: they describe, the others ask for something. */
function findings(all: readonly Finding[]): Markup {
  const told = sorted(all).filter(({ severity }) => severity !== 'informational');
  const notes = all.filter(({ severity }) => severity === 'informational');
  if (notes.length === 0) return html`${told.map(findingBlock)}`;
  return html`${told.map(findingBlock)}
<details><summary>${counted(notes.length, 'informational finding')}</summary><ul class="notes">${notes.map(
    ({ id, message, fix }) => html`
<li>${message} <code>${id}</code><br><span class="why">${prose(fix)}</span></li>`,
  )}</ul></details>`;
}

/** Text of ours, in which backticks stand around code. */
function prose(text: string): Markup {
  return html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

function findingBlock({ id, severity, message, why, fix, tags }: Finding): Markup {
  return html`
<div class="finding ${severity}"><p class="lead">${chip(severity, severity)}${message}</p>
<p class="why">${prose(why)}</p><p><b>Fix:</b> ${prose(fix)}</p>
<p class="map"><code>${id}</code> ${tags.map((tag) => html`<code>${tag}</code> `)}</p></div>`;
}

function closure({ closure: { digest, artefacts } }: Server): Markup {
  return html`<details><summary>Closure: ${counted(artefacts.length, 'artefact')}</summary>
<p class="where">Digest <code>${digest}</code></p>
<table class="closure"><thead><tr><th>Role</th><th>Path</th><th>SHA-256</th><th>Owner, writers</th></tr></thead>
<tbody>${artefacts.map(artefactRow)}</tbody></table></details>`;
}

function artefactRow({ role, path, sha256, reason, owner, mode, writable_by }: Artefact): Markup {
  const digest =
    sha256 === null ? html`${reason ?? 'unresolved'}` : html`<code>${sha256.slice(0, 16)}…</code>`;
  const writers = writable_by.length === 0 ? null : html`<br>written by ${writable_by.join(', ')}`;
  return html`
<tr><td>${role}</td><td><code>${path}</code></td><td>${digest}</td><td>${`${owner} ${mode}`.trim()}${writers}</td></tr>`;
}

/** Only settings with findings: a host has hundreds that are in order. */
function controls(all: readonly JudgedControl[]): Markup {
  const wrong = all.filter(({ findings }) => findings.length > 0);
  if (wrong.length === 0) return html``;
  return html`<h2>Settings beside the servers</h2>${byClient(wrong, ({ key }) => key).map(
    ({ title, items }) =>
      html`<h3>${title}</h3>${items.map(
        ({ kind, key, path, user, findings: found }) => html`
<article><h4>${key === '' ? kind : key} ${chip('off', kind)}</h4><p class="where"><code>${path}</code><br>user ${user}</p>
${findings(found)}</article>`,
      )}`,
  )}`;
}

function problems(all: readonly Problem[]): Markup {
  if (all.length === 0) return html``;
  return html`<h2>Problems</h2><div class="sheet"><table class="problems">
<thead><tr><th>File</th><th>What is wrong</th><th>Code</th></tr></thead>
<tbody>${all.map(
    ({ path, line, column, message, code }) => html`
<tr><td><code>${path}${line === null ? '' : `:${line}${column === null ? '' : `:${column}`}`}</code></td><td>${message}</td><td class="mono">${code}</td></tr>`,
  )}</tbody></table></div>`;
}
