"""A Python MCP server over stdio, in the wire shape of the official SDK: there is none in Debian's packages."""

import json
import os
import subprocess
import sys
import tempfile

PROTOCOL = "2025-06-18"
NAME = {"name": "files-in-python", "version": "1.0.0"}
TOOLS = {
    "add": {"a": {"type": "number"}, "b": {"type": "number"}},
    "count_words": {"path": {"type": "string"}},
    "append_line": {"path": {"type": "string"}, "line": {"type": "string"}},
    "sort_lines": {"path": {"type": "string"}},
    "run": {"command": {"type": "string"}},
}


def add(a, b):
    return str(a + b)


def count_words(path):
    with open(path, encoding="utf-8") as file:
        return str(len(file.read().split()))


def append_line(path, line):
    with open(path, "a", encoding="utf-8") as file:
        file.write(line + "\n")
    return "appended"


def sort_lines(path):
    """Replaces the file as careful programs do: a new file beside it, renamed over the old one."""
    with open(path, encoding="utf-8") as file:
        lines = sorted(file.readlines())[-100:]
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(lines)
    os.replace(beside, path)
    return str(len(lines))


def run(command):
    """The deed that must not stay unseen: a shell."""
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout


def call(params):
    name = params["name"]
    if name not in TOOLS:
        raise ValueError(f"no tool {name}")
    text = globals()[name](**params.get("arguments", {}))
    return {"content": [{"type": "text", "text": text}]}


def initialize(params):
    version = params.get("protocolVersion", PROTOCOL)
    return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": NAME}


def tools_list(_params):
    schema = lambda fields: {"type": "object", "properties": fields, "required": list(fields)}
    return {"tools": [{"name": name, "inputSchema": schema(fields)} for name, fields in TOOLS.items()]}


METHODS = {
    "initialize": initialize,
    "ping": lambda _params: {},
    "tools/list": tools_list,
    "tools/call": call,
}


def answer(message):
    method = METHODS.get(message["method"])
    if method is None:
        return {"error": {"code": -32601, "message": "method not found"}}
    try:
        return {"result": method(message.get("params") or {})}
    except Exception as error:  # The client is told, the server goes on.
        return {"error": {"code": -32603, "message": repr(error)}}


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request and "method" in request:
        reply = {"jsonrpc": "2.0", "id": request["id"], **answer(request)}
        print(json.dumps(reply), flush=True)
