// SPDX-License-Identifier: Apache-2.0
// A library that ends whatever program it is loaded into, with a status by which it is known.
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
	_exit(42);
}
