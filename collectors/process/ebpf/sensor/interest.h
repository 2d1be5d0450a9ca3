/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a new image could be a server that some config names. */
#ifndef SEALWATCH_INTEREST_H
#define SEALWATCH_INTEREST_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "sensor.h"

/* Takes a whole SENSOR_LAUNCHES, which replaces what was said before; 0, or -EPROTO. */
int interest_set(const unsigned char *command, size_t length);

/* Whether the first words of an exec record name the command of a launch, and its last one the launch's. */
bool interest_in(const struct sensor_exec *exec);

#endif
