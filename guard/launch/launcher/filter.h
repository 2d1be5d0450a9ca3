/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_FILTER_H
#define SEALWATCH_FILTER_H

/*
 * Puts this process and all that will come out of it under a filter that asks about each open for reading,
 * each exec, and what tells a process where a link leads, or where it stands and goes. It cannot be taken off
 * again, and it takes the right to gain privileges by an exec (setuid programs) with it: without privileges the
 * kernel lets nobody have the one without the other. Returns the descriptor that the questions are read from, or
 * -errno.
 */
int filter_install(void);

#endif
