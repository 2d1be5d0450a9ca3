import { type Phrase, Phrases } from './phrase.ts';

/** Orders about tools that a phrase names without saying whose they are. */
const PHRASES: readonly Phrase[] = [
  {
    says: '(when|whenever|if|every time|each time|once|after|before) ~5 {tool} ~2 (is|are|was|gets|has been) ~1 (called|invoked|used|run|executed|available|requested|triggered)',
  },
  { says: '(the|any)? (usual|original|legitimate|regular|official) {tool} (tool|function|must|should|is)' },
  {
    says: `(do not|don't|never|instead of|stop) ~1 (use|call|using|calling) ~2 {tool} ~2 (from|of|by) ~3 (server|servers|mcp)`,
  },
  {
    says: `(do not|don't|never|instead of|stop|rather than) ~1 (use|call|using|calling|trust) ~3 (other|another|different) (mcp)? (server|servers|server's|tools|tool) ~3 (server|servers|mcp|tool|tools)?`,
    unless: /\b(?:tools?) (?:of|in|from|on) (?:this|the) server\b/,
  },
];

const phrases = new Phrases(PHRASES);

/**
 * The words of an order about a tool that is none of this server's; `plain` are the `plainWords` of a text, `known` the names
 * of this server's tools and of what its definition speaks of. Null where there is none.
 */
export function orderAboutOthers(plain: string, known: ReadonlySet<string>): string | null {
  return phrases.find(plain, (found) => {
    const names = found.match(/[a-z0-9.-]+_[a-z0-9_.-]*[a-z0-9]/g) ?? [];
    return names.length === 0 || names.some((name) => !known.has(name));
  });
}
