import { type ConfigFile, type ConfigFormat, type Reading, readConfigFile } from '../config/document.ts';

/** The config files of one scan, each read once for all clients and records that name it. */
export class ConfigFiles {
  readonly #read = new Map<string, ConfigFile>();

  read(path: string, format: ConfigFormat, reading: Reading = {}): ConfigFile {
    const { embedded, encodings } = reading;
    const key = JSON.stringify([path, format, embedded ?? null, encodings ?? null]);
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const file = readConfigFile(path, format, { embedded, encodings });
    this.#read.set(key, file);
    return file;
  }
}
