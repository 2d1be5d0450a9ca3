/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_ENVIRONMENT_H
#define SEALWATCH_ENVIRONMENT_H

#include <linux/types.h>
#include <stddef.h>

#include "sensor.h"

/*
 * Copies an exec record and of its environment only the variables that make a loader or an interpreter run
 * something else; all others may be secrets and go no further. Returns the length of the copy, 0 where the
 * record's lengths do not add up.
 */
size_t copy_without_environment(const void *record, size_t length, void *into);

#endif
