import { type Phrase, Phrases } from './phrase.ts';

const NOT = "(do not|don't|dont|never|must not|mustn't|should not|shouldn't|avoid|without)";
const STRESS = '(ever|explicitly|directly|also|even|under any circumstances|at any point|in any way)?';
const TELL =
  '(tell|telling|mention|mentioning|inform|informing|notify|notifying|alert|alerting|warn|warning|reveal|revealing|disclose|disclosing|say anything|say a word)';
const THE_USER = '(user|human|person|operator|customer)';
const IGNORE = '(ignore|disregard|forget|discard|bypass)';
const ORDERS =
  '(instructions|instruction|prompts|prompt|guidelines|guideline|directives|directive|guardrails|safeguards)';
const USING = '(executing|execute|using|use|calling|call|invoking|invoke|running|run|performing|perform)';
const EVERY = '(any|every|each|all)';
const MESSAGES =
  '(email*|e-mail*|mail*|message*|payment*|transfer*|conversation*|chat*|response*|request*|data|file*|order*|contact*)';

/** What only somebody writes who wants the model to act behind the user's back. */
const PHRASES: readonly Phrase[] = [
  // Secrecy
  {
    says: `${NOT} ${STRESS} ${TELL} ~14 ${THE_USER}`,
    unless: /\b(?:unless|until|if|when|passwords?|secrets?|tokens?|api keys?|credentials)\b/,
  },
  { says: `(hide|conceal) (this|it|that|these|everything) ~3 from (the)? ${THE_USER}` },
  { says: `keep ~4 (secret|hidden|confidential) from (the)? ${THE_USER}` },
  {
    says: `(user|human) (must not|must never|should not|should never|shouldn't|mustn't) (know|see|notice|learn|find out|be told|be informed|be aware|be notified|be shown)`,
  },
  {
    says: `without (the)? (user|user's|users|users'|human|human's) (knowledge|noticing|knowing|being aware|awareness)`,
  },
  { says: 'without (raising|arousing) (any)? suspicion' },
  { says: '(secretly|covertly|surreptitiously|stealthily)' },
  {
    says: '(silently|quietly) (read|send|forward|copy|upload|call|invoke|collect|include|exfiltrate|execute|run|fetch|record)',
  },
  { says: `(do not|don't|never) (ask|request|seek|wait) ~5 (permission|confirmation|approval|consent)` },
  // Other orders are to give way
  {
    says: `${IGNORE} ~3 (previous|prior|earlier|above|preceding|foregoing|system|original|safety|your|all) ~2 ${ORDERS}`,
  },
  { says: `override ~2 (previous|prior|earlier|above|safety) ~2 ${ORDERS}` },
  {
    says: `${IGNORE} ~1 (your|previous|prior|safety|system) ~1 (rules|restrictions|constraints|policies|training)`,
  },
  {
    says: 'this (instruction|tool|message|description) (overrides|supersedes|takes precedence over) ~3 (other|previous|system|all|user*)',
  },
  {
    says: '(you are now|pretend to be|from now on you are|act as) ~2 (unrestricted|jailbroken|developer mode|dan)',
  },
  {
    says: `(instruction|instructions|directive|note) ~3 (not|hidden|invisible|never|only) ~3 (user|human|ai|llm|model|assistant)`,
  },
  // Orders about what is none of this tool's business ("line jumping")
  {
    says: `before ~1 ${USING} (any|every|each|all|another) (other)? (tool|tools|command|commands|shell command*|terminal command*|action*)`,
    unless: /\b(?:tools?|commands?|actions?) (?:of|in|from|on|provided by|offered by) (?:this|the)\b/,
  },
  { says: `(prefix|prepend|precede) ${EVERY} ~2 command*` },
  {
    says: `before (using|calling|invoking|running|executing) this (tool|function) ~8 (run|execute|fetch|download|open|read|cat|send|upload|post) ~4 {place}`,
  },
  {
    says: `before (using|calling|invoking|running|executing) this (tool|function) ~6 (run|execute) ~2 (curl|wget|bash|sh|chmod|powershell|python|node)`,
  },
  {
    says: `(in|at|for) ${EVERY} (conversation|session|request|message|response|tool call) ~4 (call|invoke|execute) this tool ~6 (even|regardless|whether or not|no matter)`,
  },
  // What is sent goes to somebody else
  {
    says: `(send|forward|redirect|bcc|cc|copy|deliver|route|transmit|upload) ~1 (all|every|each|any|full|entire) ~5 ${MESSAGES} ~4 to {address}`,
    unless: /\b(?:localhost|127\.0\.0\.1|example\.(?:com|org|net))\b/,
  },
  {
    says: `(change|replace|set|modify|substitute|swap|alter) ~3 (recipient*|address|number|account|iban|wallet) ~3 (to|with|by) {address}`,
    unless: /\bexample\.(?:com|org|net)\b/,
  },
  { says: `(bcc|cc) ~4 {address}`, unless: /@example\.(?:com|org|net)\b/ },
];

const phrases = new Phrases(PHRASES);

/**
 * Marks that say to a model that somebody with authority speaks: tags of that name, and the tokens and brackets by which
 * models tell roles apart.
 */
const AUTHORITY =
  /<\s*\/?\s*(?:important|system|secret|hidden|admin|override|critical|system[_-]prompt|user[_-]instructions?)\s*>|<\|[a-z_]{2,30}\|>|<<\/?sys>>|\[\/?inst\]|\[(?:system|admin|hidden|secret) (?:prompt|message|instruction|override|note)s?\]/;

/** The words of an order to the model in a text, which must be `plainWords`; null where there is none. */
export function instructionIn(text: string): string | null {
  return AUTHORITY.exec(text)?.[0] ?? phrases.find(text);
}
