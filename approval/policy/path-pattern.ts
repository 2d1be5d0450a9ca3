import { type Anchors, HOME_MARKER, PROJECT_MARKER } from '../../inventory/index.ts';

const SUBTREE = '/**';
const FORMS = `an absolute path, ${HOME_MARKER}/… or ${PROJECT_MARKER}/…; a trailing /** means everything below`;

/** What is wrong with a path pattern; null where nothing is. */
export function pathPatternFault(text: string): string | null {
  const below = text.endsWith(SUBTREE);
  const base = below ? text.slice(0, -SUBTREE.length) : text;
  const marker = markerOf(base);
  const rest = base.slice(marker.length);
  if (marker !== '' && rest === '') return below ? null : `must be ${FORMS}`;
  if (!(rest.startsWith('/') || (below && rest === ''))) return `must be ${FORMS}`;
  if (rest.includes('*')) return 'only a trailing /** may stand for other names';
  if (isLoose(rest) || (below && rest === '/'))
    return 'must be a plain path: no `.`, `..`, empty names or control characters';
  return null;
}

function markerOf(path: string): string {
  return (
    [HOME_MARKER, PROJECT_MARKER].find((marker) => path === marker || path.startsWith(`${marker}/`)) ?? ''
  );
}

/** Whether a path could mean another one once it is walked, or is no text that a path can be. */
function isLoose(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refused in paths on purpose
  return /(^|\/)\.{1,2}(\/|$)|\/\/|.\/$|[\u0000-\u001f]/.test(path);
}

/**
 * Path patterns of one policy on this host: `~` and `${project}` stand for the directories given. Paths are
 * compared as text, so the caller gives the resolved path of what is really touched.
 */
export class PathPatterns {
  readonly #exact = new Set<string>();
  readonly #below: string[] = [];

  constructor(patterns: readonly string[], anchors: Anchors) {
    for (const pattern of patterns) {
      for (const path of expanded(pattern, anchors)) {
        if (path.endsWith(SUBTREE)) this.#below.push(path.slice(0, -SUBTREE.length + 1));
        else this.#exact.add(path);
      }
    }
  }

  /** Every path that is named; null where some are named by a directory above them. */
  get exact(): readonly string[] | null {
    return this.#below.length === 0 ? [...this.#exact] : null;
  }

  /** Whether a path is named. A relative path, or one with `..` in it, never is. */
  match(path: string): boolean {
    if (!path.startsWith('/') || isLoose(path)) return false;
    return this.#exact.has(path) || this.#below.some((prefix) => path.startsWith(prefix));
  }
}

function expanded(pattern: string, { home, project }: Anchors): readonly string[] {
  const marker = markerOf(pattern);
  if (marker === '') return [pattern];
  const places = marker === HOME_MARKER ? home : project;
  return places.filter((place) => place !== '/').map((place) => place + pattern.slice(marker.length));
}
