/**
 * What a variable makes its reader do: `code` names a file that runs, `options` does where its value has
 * such an option, `path` names directories that are searched first, `command` is a command line.
 */
export type LoaderEffect = 'code' | 'options' | 'path' | 'command';

/** Variables of loaders and interpreters that are findings where an entry or the user's environment has them. */
export const LOADER_EFFECTS: Readonly<Record<string, LoaderEffect>> = {
  LD_PRELOAD: 'code',
  LD_AUDIT: 'code',
  LD_LIBRARY_PATH: 'path',
  DYLD_INSERT_LIBRARIES: 'code',
  DYLD_LIBRARY_PATH: 'path',
  DYLD_FRAMEWORK_PATH: 'path',
  DYLD_FALLBACK_LIBRARY_PATH: 'path',
  GCONV_PATH: 'path',
  NODE_OPTIONS: 'options',
  BUN_OPTIONS: 'options',
  NODE_PATH: 'path',
  PYTHONPATH: 'path',
  PYTHONHOME: 'path',
  PYTHONSTARTUP: 'code',
  PYTHONUSERBASE: 'path',
  BASH_ENV: 'code',
  ENV: 'code',
  PERL5OPT: 'options',
  PERL5LIB: 'path',
  PERL5DB: 'command',
  RUBYOPT: 'options',
  RUBYLIB: 'path',
  JAVA_TOOL_OPTIONS: 'options',
  JDK_JAVA_OPTIONS: 'options',
  _JAVA_OPTIONS: 'options',
  CLASSPATH: 'path',
  DOTNET_STARTUP_HOOKS: 'code',
  GIT_SSH_COMMAND: 'command',
  GIT_SSH: 'command',
  GIT_EXEC_PATH: 'path',
};

/** Further ones, too usual or too rare for a finding, that still decide what code runs. */
const FURTHER_LOADERS: ReadonlySet<string> = new Set([
  // glibc reads these as data that may name code; ld.so(8) strips them from set-user-ID programs.
  'LOCPATH',
  'GETCONF_DIR',
  'GLIBC_TUNABLES',
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'GIO_EXTRA_MODULES',
  'GTK_MODULES',
  'GTK_PATH',
  'QT_PLUGIN_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_COMPILE_CACHE',
  'PYTHONINSPECT',
  'PYTHONBREAKPOINT',
  'PYTHONEXECUTABLE',
  'PYTHONPLATLIBDIR',
  'PYTHONPYCACHEPREFIX',
  // A category of warnings is imported by its name (python(1), -W).
  'PYTHONWARNINGS',
  'PERLLIB',
  'GEM_HOME',
  'GEM_PATH',
  'BUNDLE_GEMFILE',
  'PHPRC',
  'PHP_INI_SCAN_DIR',
  'ZDOTDIR',
  'PROMPT_COMMAND',
  'SHELLOPTS',
  'BASHOPTS',
  'PS4',
  'DOTNET_ADDITIONAL_DEPS',
  'DOTNET_SHARED_STORE',
  'GIT_EXTERNAL_DIFF',
  'GIT_PROXY_COMMAND',
  'GIT_TEMPLATE_DIR',
]);
/** ld.so(8), dyld(1), exported functions of bash(1), lua(1), .NET profilers, git-config(1). */
const LOADER_PREFIX = /^(?:LD_|DYLD_|BASH_FUNC_|LUA_|CORECLR_|COR_|GIT_CONFIG)/;
/** Package runners take every option from a variable: registry, cache, interpreter. The two of libuv only tune it. */
const RUNNER_PREFIX = /^(?:PIP_|PIPX_|BUN_|DENO_|YARN_|COREPACK_|UV_(?!THREADPOOL_SIZE$|USE_IO_URING$))/;
/** npm and pnpm do so in any case (npm-config(7)). */
const NPM_PREFIX = /^p?npm_config_/i;

/**
 * Whether a variable, by its name alone, can make the dynamic linker, an interpreter, a shell or a package runner
 * load other code than the command says. PATH is not among them, since nothing starts without it.
 */
export function isLoaderVariable(name: string): boolean {
  return (
    Object.hasOwn(LOADER_EFFECTS, name) ||
    FURTHER_LOADERS.has(name) ||
    LOADER_PREFIX.test(name) ||
    RUNNER_PREFIX.test(name) ||
    NPM_PREFIX.test(name)
  );
}
