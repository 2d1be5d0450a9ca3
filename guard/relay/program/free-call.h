/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_FREE_CALL_H
#define SEALWATCH_FREE_CALL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a line, with its newline, is a call (MCP 2025-11-25, tools/call) of a tool that may be called without asking,
 * and whoever reads it must read it so: strict JSON, no key twice, none that another reader could take for another.
 */
bool is_free_call(const unsigned char *line, size_t length);

#endif
