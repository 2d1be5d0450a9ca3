import type { Client } from './client.ts';

/** Files that belong to no client that is known: read by every container key in use. */
export const generic: Client = {
  id: 'generic',
  title: 'Unknown client',
  aliases: ['visual-studio', 'jetbrains', 'mcporter', 'mcpb', 'qoder', 'codegeex', 'pi', 'augment'],
  processes: [],
  locations: [],
};
