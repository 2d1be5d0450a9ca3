import { type Phrase, Phrases } from './phrase.ts';

/** Orders about a tool that is named, where it is none of this server's. */
const TOOL_PHRASES: readonly Phrase[] = [
  {
    says: '(when|whenever|if|every time|each time|once|after|before) ~5 {tool} ~2 (is|are|was|gets|has been) ~1 (called|invoked|used|run|executed|available|requested|triggered)',
  },
  { says: '(the|any)? (usual|original|legitimate|regular|official) {tool} (tool|function|must|should|is)' },
  { says: "(do not|don't|never|stop) ~1 (use|call|using|calling|trust) ~2 {tool}" },
  { says: '(always|must|first) ~2 (call|use|run|invoke) ~1 {tool} ~2 (first|before)' },
];

/** Orders about other servers as such. */
const SERVER_PHRASES: readonly Phrase[] = [
  {
    says: "(do not|don't|never|instead of|stop|rather than) ~1 (use|call|using|calling|trust) ~4 (other|another|different) (mcp)? (server|servers|server's|servers')",
  },
  {
    says: "(other|another|different) (mcp)? (server|servers|server's|servers') ~6 (must|should|deprecated|broken|unsafe|insecure|compromised|outdated)",
  },
];

const toolPhrases = new Phrases(TOOL_PHRASES);
const serverPhrases = new Phrases(SERVER_PHRASES);
/** Names of tools as clients show those of several servers: `mcp_mail_send`, `mcp__mail__send`. */
const QUALIFIED = /^mcp_/;

/**
 * The words of an order about a tool of another server; `plain` are the `plainWords` of a text. `ours` are names of this
 * server's tools and of what the definition speaks of: any other name is another server's, or, where the server's tools are
 * not known (null), one that a client has made of the names of server and tool. Null where there is no such order.
 */
export function orderAboutOthers(plain: string, ours: ReadonlySet<string> | null): string | null {
  const isForeign = (name: string) => (ours === null ? QUALIFIED.test(name) : !ours.has(oneSpelling(name)));
  return (
    toolPhrases.find(plain, (found) =>
      (found.match(/[a-z0-9.-]+_[a-z0-9_.-]*[a-z0-9]/g) ?? []).some(isForeign),
    ) ?? serverPhrases.find(plain)
  );
}

/** A name however its words are joined. */
export function oneSpelling(name: string): string {
  return name.toLowerCase().replace(/[\s.-]/g, '_');
}
