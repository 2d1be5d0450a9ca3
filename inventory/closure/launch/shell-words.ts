import { MAX_SHELL_TEXT_BYTES } from '../../limits.ts';

/** One simple command of a shell text, quotes removed, variables left as they are. */
export type ShellCommand = readonly string[];

const SEPARATORS: ReadonlySet<string> = new Set([';', '&', '|', '\n', '(', ')', '{', '}']);
const KEYWORDS: ReadonlySet<string> = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'while',
  'until',
  'do',
  'done',
  '!',
  'command',
  'builtin',
]);
/** Words that are taken off where no option of theirs follows; with options they are commands to be read. */
const PREFIXES: ReadonlySet<string> = new Set(['exec', 'nohup', 'time', 'sudo']);
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/**
 * Splits shell text into simple commands (POSIX.1-2024 XCU 2.3, 2.9.1), well enough to find the files it
 * runs: here-documents and arithmetic are read as words, which can only add commands.
 */
export function shellCommands(text: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  const scanner = new WordScanner(text.slice(0, MAX_SHELL_TEXT_BYTES));
  for (let token = scanner.next(); token !== null; token = scanner.next()) {
    if (token.kind === 'word') words.push(token.text);
    else {
      if (words.length > 0) commands.push(withoutPrefixes(words));
      words = [];
    }
  }
  if (words.length > 0) commands.push(withoutPrefixes(words));
  return commands.filter((command) => command.length > 0);
}

function withoutPrefixes(words: readonly string[]): ShellCommand {
  const start = words.findIndex((word, index) => {
    if (PREFIXES.has(word)) return words[index + 1]?.startsWith('-') === true;
    return !KEYWORDS.has(word) && !ASSIGNMENT.test(word);
  });
  return start < 0 ? [] : words.slice(start);
}

type Token = { readonly kind: 'word'; readonly text: string } | { readonly kind: 'end' };

class WordScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token | null {
    while (this.#peek() === ' ' || this.#peek() === '\t' || this.#text.startsWith('\\\n', this.#at)) {
      this.#at += this.#peek() === '\\' ? 2 : 1;
    }
    const char = this.#peek();
    if (char === '') return null;
    if (char === '#') {
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end;
      return this.next();
    }
    if (SEPARATORS.has(char)) {
      this.#at += 1;
      return { kind: 'end' };
    }
    return { kind: 'word', text: this.#word() };
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #word(): string {
    let word = '';
    for (let char = this.#peek(); char !== ''; char = this.#peek()) {
      if (char === "'" || char === '"') word += this.#quoted(char);
      else if (char === '\\') {
        word += this.#text.charAt(this.#at + 1);
        this.#at += 2;
      } else if (char === '$' && /[({]/.test(this.#text.charAt(this.#at + 1))) word += this.#expansion();
      else if (char === ' ' || char === '\t' || SEPARATORS.has(char)) break;
      else {
        word += char;
        this.#at += 1;
      }
    }
    return word;
  }

  #quoted(quote: string): string {
    let text = '';
    this.#at += 1;
    for (let char = this.#peek(); char !== '' && char !== quote; char = this.#peek()) {
      if (quote === '"' && char === '\\') {
        text += this.#text.charAt(this.#at + 1);
        this.#at += 2;
      } else if (quote === '"' && char === '$' && this.#text.charAt(this.#at + 1) === '(')
        text += this.#expansion();
      else {
        text += char;
        this.#at += 1;
      }
    }
    this.#at += 1;
    return text;
  }

  /** `$(…)` or `${…}` as it stands, nesting counted. */
  #expansion(): string {
    const start = this.#at;
    let depth = 0;
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      if (/[({]/.test(this.#peek())) depth += 1;
      else if (/[)}]/.test(this.#peek())) depth -= 1;
      if (depth === 0) break;
    }
    this.#at += 1;
    return this.#text.slice(start, this.#at);
  }
}
