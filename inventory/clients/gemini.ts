import { type Client, MCP_SERVERS } from './client.ts';

export const gemini: Client = {
  id: 'gemini',
  title: 'Gemini CLI',
  aliases: ['gemini-extension'],
  processes: ['gemini'],
  locations: [
    { scope: 'user', base: 'home', path: '.gemini/settings.json', format: 'jsonc', containers: MCP_SERVERS },
    {
      scope: 'user',
      base: 'home',
      path: '.gemini/extensions/*/gemini-extension.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'project',
      base: 'project',
      path: '.gemini/settings.json',
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
    {
      scope: 'managed',
      base: 'system',
      path: 'etc/gemini-cli/settings.json',
      platforms: ['linux'],
      format: 'jsonc',
      containers: MCP_SERVERS,
    },
  ],
  projectRecords: [
    { base: 'home', path: '.gemini/projects.json', format: 'jsonc', key: ['projects'], names: 'keys' },
  ],
  urlTransports: { url: 'sse', httpUrl: 'http' },
};
