/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_SLICES_H
#define SEALWATCH_SLICES_H

#include <sys/types.h>

/*
 * Asks for short slices of the processor for a process, or for this one where it is 0: who wakes up then need not wait
 * until it has had a long one. Its share stays as it was. Kernels before Linux 6.12 take no notice.
 */
void shorten_slices(pid_t pid);

#endif
