/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_PRIVILEGES_H
#define SEALWATCH_PRIVILEGES_H

#include <stdbool.h>

/*
 * Gives up, for good, every right that a sensor which is armed needs no more; 0, or -errno. The parent of a service
 * has members ended by it.
 */
int privileges_drop(bool is_service);

#endif
