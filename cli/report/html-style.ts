/** The report's only style sheet; class names are those of html-report.ts. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --sheet: #ffffff; --line: #dfe3e8; --text: #1b2430; --soft: #5c6875;
  --accent: #1f5fbf; --code: #f0f2f5;
  --critical: #8b1035; --high: #c2271d; --medium: #a85d00; --low: #3d6a94; --informational: #66717d; --good: #1c7a45;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11161c; --sheet: #1a212a; --line: #303a46; --text: #e6eaef; --soft: #9ba7b4;
    --accent: #7fb0ff; --code: #232c37;
    --critical: #ff7da0; --high: #ff8a7d; --medium: #f0b357; --low: #8fbde8; --informational: #a3aeba; --good: #6fd39b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main, header { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.2rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .8rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; color: var(--soft); font-weight: 600; }
.facts { color: var(--soft); display: flex; flex-wrap: wrap; gap: .15rem 1.4rem; margin: 0; }
.facts b { color: var(--text); font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.4rem, 1fr)); gap: .7rem; margin: 1.5rem 0 0;
  padding: 0; list-style: none; }
.cards li { background: var(--sheet); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem;
  border-top: 3px solid var(--line); }
.cards strong { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.cards span { color: var(--soft); font-size: .85rem; }
.cards .critical.some { border-top-color: var(--critical); } .cards .critical.some strong { color: var(--critical); }
.cards .high.some { border-top-color: var(--high); } .cards .high.some strong { color: var(--high); }
.cards .medium.some { border-top-color: var(--medium); } .cards .medium.some strong { color: var(--medium); }
.cards .low.some { border-top-color: var(--low); } .cards .low.some strong { color: var(--low); }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; padding: .5rem .9rem; vertical-align: top; overflow-wrap: anywhere; }
th { font-size: .75rem; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line);
  overflow-wrap: normal; }
tbody tr + tr td { border-top: 1px solid var(--line); }
td.client { background: var(--code); font-weight: 600; padding-top: .35rem; padding-bottom: .35rem; }
.overview th:nth-child(1) { width: 20%; } .overview th:nth-child(2) { width: 13%; }
.overview th:nth-child(3) { width: 10%; } .overview th:nth-child(5) { width: 25%; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
code, .mono { font: .85em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; }
.chip { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .55rem; font-size: .78rem;
  line-height: 1.45; font-weight: 600; white-space: nowrap; overflow-wrap: normal; }
.critical > .chip, .chip.critical { color: var(--critical); } .chip.high, .chip.drifted, .chip.invalid, .chip.revoked { color: var(--high); }
.chip.medium, .chip.pending, .chip.expired { color: var(--medium); } .chip.low { color: var(--low); }
.chip.informational, .chip.off { color: var(--informational); } .chip.approved { color: var(--good); }
.more { color: var(--soft); font-size: .85rem; white-space: nowrap; }
article { background: var(--sheet); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.2rem; margin: 0 0 1rem; }
article > h4 { margin: 0; font-size: 1.05rem; display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .7rem;
  overflow-wrap: anywhere; }
.where { color: var(--soft); margin: .2rem 0 .5rem; overflow-wrap: anywhere; }
.finding { border-left: 3px solid var(--line); padding: .1rem 0 .1rem .9rem; margin: .9rem 0; }
.finding.critical { border-color: var(--critical); } .finding.high { border-color: var(--high); }
.finding.medium { border-color: var(--medium); } .finding.low { border-color: var(--low); }
.finding p { margin: .25rem 0; overflow-wrap: anywhere; } .finding .lead { font-weight: 600; }
.finding .lead .chip { margin-right: .5rem; }
.finding .why { color: var(--soft); }
.map { color: var(--soft); font-size: .8rem; } .map code { background: var(--code); border-radius: .25rem; padding: .05rem .3rem; }
.notes { margin: .5rem 0 0; padding-left: 1.2rem; font-size: .92em; } .notes li { margin: .3rem 0; overflow-wrap: anywhere; }
.notes .why { color: var(--soft); } .notes li > code { color: var(--soft); }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--accent); font-weight: 600; font-size: .9rem; }
.closure { margin-top: .5rem; font-size: .85rem; } .closure th, .closure td { padding: .35rem .5rem; }
.closure th:nth-child(1) { width: 16%; } .closure th:nth-child(3) { width: 21%; } .closure th:nth-child(4) { width: 19%; }
.problems th:nth-child(2) { width: 40%; } .problems th:nth-child(3) { width: 25%; }
.none { color: var(--soft); padding: 1.2rem; margin: 0; }
footer { max-width: 68rem; margin: 2.5rem auto; padding: 0 1.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) { .overview th:nth-child(3), .overview td.user { display: none; } th, td { padding: .4rem .5rem; } }
@page { size: A4; margin: 15mm 13mm; }
@media print {
  :root { --ground: #fff; --sheet: #fff; --line: #c9ced4; --text: #000; --soft: #444; --accent: #000; --code: #f2f3f5;
    --critical: #8b1035; --high: #c2271d; --medium: #a85d00; --low: #3d6a94; --informational: #555; --good: #1c7a45; }
  body { font-size: 9.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main, header, footer { max-width: none; padding: 0; }
  header { padding-top: 0; }
  .cards { grid-template-columns: repeat(7, 1fr); gap: 2mm; } .cards li { padding: 2mm; } .cards strong { font-size: 15pt; }
  h2 { margin-top: 7mm; } h2, h3, h4, .where, summary, .closure thead { break-after: avoid; }
  .finding, .cards li, tr { break-inside: avoid; } thead { display: table-header-group; }
  article { break-inside: auto; } .sheet { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; } summary::-webkit-details-marker { display: none; }
}
`;
