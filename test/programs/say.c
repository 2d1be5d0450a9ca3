// SPDX-License-Identifier: Apache-2.0
// Writes a text and, where it is told one, makes a file.
#include <fcntl.h>
#include <stdio.h>

int main(void)
{
#ifdef MARKER
	open(MARKER, O_WRONLY | O_CREAT, 0644);
#endif
	return puts(CONTENT) < 0;
}
