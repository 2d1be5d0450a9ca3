import { inspect } from 'node:util';

/** Values by the name they go under. Printing it shows the names only. */
export class SecretValues extends Map<string, string> {
  [inspect.custom](): string {
    return `SecretValues { ${[...this.keys()].join(', ')} }`;
  }
}
