/** Directories that differ between hosts without meaning anything: as they are named and as they resolve. */
export interface Anchors {
  readonly home: readonly string[];
  readonly project: readonly string[];
}

/** What stands for the home in a portable path. */
export const HOME_MARKER = '~';
/** What stands for the project. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the marker itself
export const PROJECT_MARKER = '${project}';

/** A path as it goes into the digest: below the project or the home it is relative to it. */
export function portablePath(path: string, anchors: Anchors): string {
  for (const [anchor, marker] of markedAnchors(anchors)) {
    if (path === anchor) return marker;
    if (path.startsWith(`${anchor}/`)) return marker + path.slice(anchor.length);
  }
  return path;
}

/**
 * The same for every mention inside a text. Text that spells a marker itself is escaped, so that a
 * literal `~/x` and the expanded path stay two things.
 */
export function portableText(text: string, anchors: Anchors): string {
  const places = markedAnchors(anchors);
  const literal = [HOME_MARKER, PROJECT_MARKER].map(escapeRegExp);
  const anchored = places.map(([path]) => `(?<![\\w.-])${escapeRegExp(path)}(?=$|[^\\w.-])`);
  return text.replace(new RegExp([...literal, ...anchored].join('|'), 'g'), (found) => {
    const place = places.find(([path]) => path === found);
    return place === undefined ? `\\${found}` : place[1];
  });
}

/** The project first: it may lie below the home. */
function markedAnchors(anchors: Anchors): readonly (readonly [string, string])[] {
  return [
    ...anchors.project.map((path) => [path, PROJECT_MARKER] as const),
    ...anchors.home.map((path) => [path, HOME_MARKER] as const),
  ].filter(([path]) => path !== '/' && path !== '');
}

/** A text as a pattern that matches it alone. */
export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
