/** A call of a tool: its name and its arguments. */
export type Call = readonly [tool: string, args: Readonly<Record<string, unknown>>];
/** The calls of one round; `round` makes names that differ, `workspace` is where files may be written. */
type Script = (round: number, workspace: string) => readonly Call[];

const everything: Script = (round) => [
  ['echo', { message: `round ${round}` }],
  ['get-sum', { a: round, b: 1 }],
  ['get-env', {}],
  ['get-tiny-image', {}],
  ['get-annotated-message', { messageType: 'debug', includeImage: true }],
  ['get-resource-links', { count: 3 }],
  ['get-resource-reference', { resourceType: 'Text', resourceId: 1 + (round % 9) }],
  ['get-structured-content', { location: 'Chicago' }],
  [
    'gzip-file-as-resource',
    { name: `r${round}.gz`, data: 'data:text/plain,sealed', outputType: 'resourceLink' },
  ],
  ['toggle-simulated-logging', {}],
  ['toggle-subscriber-updates', {}],
  ['trigger-long-running-operation', { duration: 0.3, steps: 3 }],
  // Off again: a server that still has a timer does not end with its client.
  ['toggle-simulated-logging', {}],
  ['toggle-subscriber-updates', {}],
  ['get-roots-list', {}],
  ['trigger-sampling-request', { prompt: 'Say one word.', maxTokens: 5 }],
  ['trigger-elicitation-request', {}],
];

const filesystem: Script = (round, workspace) => {
  const at = (name: string) => `${workspace}/out/${name}`;
  // A file is not moved over another one, also not over that of a client which ran before.
  const own = `${process.pid}-${round}`;
  return [
    ['list_allowed_directories', {}],
    ['create_directory', { path: at(own) }],
    ['write_file', { path: at(`${own}/a.txt`), content: `line one\nround ${round}\n` }],
    ['read_text_file', { path: at(`${own}/a.txt`), head: 1 }],
    ['read_file', { path: at(`${own}/a.txt`) }],
    ['edit_file', { path: at(`${own}/a.txt`), edits: [{ oldText: 'line one', newText: 'line two' }] }],
    ['move_file', { source: at(`${own}/a.txt`), destination: at(`${own}/b.txt`) }],
    ['write_file', { path: at('same.txt'), content: `round ${round}\n` }],
    ['read_multiple_files', { paths: [at(`${own}/b.txt`), `${workspace}/readme.md`] }],
    ['read_media_file', { path: at('same.txt') }],
    ['list_directory', { path: workspace }],
    ['list_directory_with_sizes', { path: `${workspace}/src`, sortBy: 'size' }],
    ['search_files', { path: workspace, pattern: '**/*.ts' }],
    ['directory_tree', { path: `${workspace}/src` }],
    ['get_file_info', { path: `${workspace}/readme.md` }],
  ];
};

const memory: Script = (round) => {
  const name = `thing ${round}`;
  const relation = { from: name, to: 'hub', relationType: 'belongs to' };
  return [
    [
      'create_entities',
      {
        entities: [
          { name, entityType: 'thing', observations: ['new'] },
          { name: 'hub', entityType: 'hub', observations: [] },
        ],
      },
    ],
    ['create_relations', { relations: [relation] }],
    ['add_observations', { observations: [{ entityName: name, contents: [`seen in ${round}`] }] }],
    ['read_graph', {}],
    ['search_nodes', { query: 'thing' }],
    ['open_nodes', { names: [name, 'hub'] }],
    ['delete_observations', { deletions: [{ entityName: name, observations: ['new'] }] }],
    ['delete_relations', { relations: [relation] }],
    ['delete_entities', { entityNames: [name] }],
  ];
};

const python: Script = (round, workspace) => [
  ['add', { a: round, b: 2 }],
  ['append_line', { path: `${workspace}/list.txt`, line: `entry ${round}` }],
  ['count_words', { path: `${workspace}/readme.md` }],
  ['sort_lines', { path: `${workspace}/list.txt` }],
];

/** What is called of each server, by its name in the config. */
export const SCRIPTS: Readonly<Record<string, Script>> = { everything, filesystem, memory, python };
