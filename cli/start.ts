import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Beside the program itself: whoever may write there may write the program. Where that is not allowed, Node
// goes on without it.
enableCompileCache(join(import.meta.dirname, 'compiled'));
await import('./main.ts');
