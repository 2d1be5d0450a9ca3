/** Bounds on everything the inventory reads: all of it may be written by an attacker. */

/** Bytes of one config file. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
/** Bytes of one TOML config; its parser keeps some hundred bytes for each key. */
export const MAX_TOML_BYTES = 1024 * 1024;
/** Bytes of one YAML config; its parser is much slower than the others. */
export const MAX_YAML_BYTES = 1024 * 1024;
/** Lexical tokens of one YAML config, blanks included: they, not the bytes, are what its parser is slow on. */
export const MAX_YAML_TOKENS = 200_000;
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
/** Files that one location with a `*` may stand for. */
export const MAX_GLOB_MATCHES = 1_000;
/** Directory levels that a `**` in a location may stand for. */
export const MAX_GLOB_DEPTH = 8;
/** Directories looked into for one `**`. */
export const MAX_GLOB_DIRECTORIES = 5_000;
/** Entries read of one directory in which configs are looked for. */
export const MAX_DIRECTORY_ENTRIES = 20_000;
/** Controls reported of one host. */
export const MAX_CONTROLS = 10_000;
/** Commands of the hooks of one config, and files that they name. */
export const MAX_HOOK_SCRIPTS = 200;
/** Characters of one hook's command that are searched for files. */
export const MAX_HOOK_TEXT_LENGTH = 16_384;
/** Characters shown of a control's value. */
export const MAX_CONTROL_VALUE_LENGTH = 2_048;
/** Bytes of a SQLite file in which a client notes its projects. */
export const MAX_DATABASE_BYTES = 64 * 1024 * 1024;
/** Rows read of one such file. */
export const MAX_DATABASE_ROWS = 10_000;
/** Processes looked at for running clients. */
export const MAX_PROCESSES = 50_000;
/** Bytes read of a process's command line or environment. */
export const MAX_PROCESS_TEXT_BYTES = 256 * 1024;
/** Homes listed beside those of passwd(5). */
export const MAX_EXTRA_HOMES = 10_000;
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
/** Names that one script may import. */
export const MAX_IMPORTS = 10_000;
/** Scripts of one closure that are searched for their imports. */
export const MAX_SEARCHED_SCRIPTS = 2_000;
/** Packages that one package may bring into a closure. */
export const MAX_CLOSURE_PACKAGES = 800;
/** Bytes of a package.json, a Python METADATA or RECORD. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Bytes of a container engine's index of images. */
export const MAX_IMAGE_INDEX_BYTES = 64 * 1024 * 1024;
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
/** Files and directories in all cached package trees together. */
export const MAX_CACHED_TREE_ENTRIES = 200_000;
/** Bytes of the file that keeps hashes between runs. */
export const MAX_HASH_CACHE_FILE_BYTES = 64 * 1024 * 1024;
/** Access control lists remembered between scans. */
export const MAX_KNOWN_ACCESS_LISTS = 20_000;
/** Milliseconds that one run of getfacl may take. */
export const ACCESS_LIST_TIMEOUT_MS = 20_000;
/** Bytes that one run of getfacl may answer. */
export const MAX_ACCESS_LIST_BYTES = 16 * 1024 * 1024;
