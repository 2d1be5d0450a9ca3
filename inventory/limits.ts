/** Bounds on everything the inventory reads: all of it may be written by an attacker. */

/** Bytes of one config file. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
/** Bytes of one YAML config; its parser is much slower than the others. */
export const MAX_YAML_BYTES = 1024 * 1024;
/** Levels of nesting in a config. */
export const MAX_CONFIG_DEPTH = 64;
/** Values (or JSON tokens) in one config. */
export const MAX_CONFIG_VALUES = 1_000_000;
/** Servers taken from one config file. */
export const MAX_SERVERS_PER_FILE = 1_000;
/** Problems reported for one file. */
export const MAX_PROBLEMS_PER_FILE = 50;
/** Symlinks followed from one path, as Linux does (path_resolution(7)). */
export const MAX_SYMLINK_HOPS = 40;
/** Files that one `*` in a location may stand for. */
export const MAX_GLOB_MATCHES = 1_000;
/** Projects looked at in one scan. */
export const MAX_PROJECTS = 5_000;
/** Directory levels below a configured root. */
export const MAX_ROOT_DEPTH = 6;
/** Directory entries read below one configured root. */
export const MAX_ROOT_ENTRIES = 100_000;
/** Bytes of one file that is hashed. */
export const MAX_ARTEFACT_BYTES = 1024 * 1024 * 1024;
/** Bytes of a script that is searched for its helpers. */
export const MAX_SCRIPT_BYTES = 2 * 1024 * 1024;
/** Artefacts of one closure. */
export const MAX_ARTEFACTS = 1_000;
/** Commands that may be nested in each other (`bash -c "env node x.js"`). */
export const MAX_COMMAND_DEPTH = 8;
/** Bytes of shell text that is analysed. */
export const MAX_SHELL_TEXT_BYTES = 256 * 1024;
/** Files of one package tree. */
export const MAX_PACKAGE_FILES = 50_000;
/** Bytes of one package tree. */
export const MAX_PACKAGE_BYTES = 1024 * 1024 * 1024;
/** Directory levels of one package tree. */
export const MAX_PACKAGE_DEPTH = 32;
/** Files in the hash cache. */
export const MAX_HASH_CACHE_ENTRIES = 200_000;
/**
 * Milliseconds that a file must have been at rest before its hash is cached: within one tick of the
 * kernel's clock a second write leaves the same times.
 */
export const HASH_CACHE_REST_MS = 100;
