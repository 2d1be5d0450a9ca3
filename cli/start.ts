import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Beside the program itself: whoever may write there may write the program. Where that is not allowed, Node
// goes on without it. A package holds what its signed manifest names and nothing else, so there is none beside it.
const isPackage = existsSync(join(import.meta.dirname, '..', '..', 'manifest.dsse.json'));
if (!isPackage) enableCompileCache(join(import.meta.dirname, 'compiled'));
await import('./main.ts');
