import { type Client, MCP_SERVERS } from './client.ts';
import { HOME, userFile } from './locations.ts';

export const bedrockClient: Client = {
  id: 'bedrock-client',
  title: 'Amazon Bedrock Client',
  processes: ['Amazon Bedrock Client', 'amazon-bedrock-client'],
  locations: [userFile(HOME, 'Amazon Bedrock Client/mcp_config.json', MCP_SERVERS)],
};
