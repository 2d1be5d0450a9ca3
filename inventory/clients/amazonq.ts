import { type Client, MCP_SERVERS } from './client.ts';
import { extensionConfigs } from './editors.ts';
import { controls, directory, projectFile, userFile } from './locations.ts';

const DIRECTORY = directory('home', '.aws/amazonq');
const AGENT = {
  controls: controls({
    hook: ['hooks'],
    trust: ['allowedTools', 'toolsSettings'],
    filter: ['tools'],
    import: ['useLegacyMcpJson'],
  }),
};

export const amazonq: Client = {
  id: 'amazonq',
  title: 'Amazon Q',
  processes: ['q', 'qchat', 'amazon-q'],
  locations: [
    userFile(DIRECTORY, 'mcp.json', MCP_SERVERS),
    userFile(DIRECTORY, 'default.json', MCP_SERVERS, AGENT),
    userFile(DIRECTORY, 'agents/*.json', MCP_SERVERS, AGENT),
    userFile(DIRECTORY, 'agents/default.json', MCP_SERVERS, AGENT),
    userFile(DIRECTORY, 'agents/mcp.json', MCP_SERVERS, AGENT),
    userFile(DIRECTORY, 'cli-agents/*.json', MCP_SERVERS, AGENT),
    ...extensionConfigs('amazonwebservices.amazon-q-vscode/mcp.json', MCP_SERVERS),
    projectFile('.amazonq/mcp.json', MCP_SERVERS),
    projectFile('.amazonq/default.json', MCP_SERVERS, AGENT),
    projectFile('.amazonq/agents/*.json', MCP_SERVERS, AGENT),
    projectFile('.amazonq/cli-agents/*.json', MCP_SERVERS, AGENT),
  ],
};
