/**
 * What Cedar policies of an approval may speak of (Cedar 4 schema, "Cedar schema format"). `sealwatch policy
 * schema` prints it, so that an editor or `cedar validate` can use it.
 */
export const CEDAR_SCHEMA = `namespace Sealwatch {
  /// The MCP server that was approved.
  entity Server = {
    client: String,
    scope: String,
    name: String,
    owner: String,
    user: String,
    profile: String,
    host_group?: String,
    closure: String,
  };

  /// A tool that is called; digest is that of its definition, empty where it is not known.
  entity Tool = { name: String, digest: String };

  /// A program that is started. portable names it below ~ or \${project}.
  entity Program = { path: String, portable: String, shell: Bool };

  /// What is connected to.
  entity Destination = { names: Set<String>, address?: ipaddr, port: Long };

  /// A file that is written.
  entity File = { path: String, portable: String };

  /// A prompt that is got, a resource that is read.
  entity Prompt = { name: String };
  entity Resource = { uri: String };

  /// What the server asks of the client: sampling, elicitation or roots.
  entity Feature = { name: String };

  /// Arguments of a call by JSON Pointer (RFC 6901), each by its type.
  entity Texts tags String;
  entity Numbers tags Long;
  entity Flags tags Bool;

  type Now = { now: datetime };
  type Call = {
    now: datetime,
    texts: Texts,
    /// Whole numbers only.
    numbers: Numbers,
    flags: Flags,
    /// Pointers of all values, whatever their type.
    pointers: Set<String>,
  };

  action callTool appliesTo { principal: Server, resource: Tool, context: Call };
  action startProgram appliesTo { principal: Server, resource: Program, context: Now };
  action connect appliesTo { principal: Server, resource: Destination, context: Now };
  action writeFile appliesTo { principal: Server, resource: File, context: Now };
  action getPrompt appliesTo { principal: Server, resource: Prompt, context: Now };
  action readResource appliesTo { principal: Server, resource: Resource, context: Now };
  action askClient appliesTo { principal: Server, resource: Feature, context: Now };
}
`;
