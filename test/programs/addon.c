// SPDX-License-Identifier: Apache-2.0
// A native module of Node (Node-API, https://nodejs.org/api/n-api.html) that says that it was loaded.
#include <stdio.h>

__attribute__((visibility("default"))) void *napi_register_module_v1(void *env, void *exports)
{
	(void)env;
	puts(CONTENT);
	fflush(stdout);
	return exports;
}
