/* SPDX-License-Identifier: Apache-2.0 */
/* Whether somebody else with CAP_BPF changed what decides, or took a program away. */
#ifndef SEALWATCH_INTEGRITY_H
#define SEALWATCH_INTEGRITY_H

#include "programs.h"

/* Notes how the policies stand after a change of our own. */
void integrity_note(const struct programs *programs);

/* 0, or the enum sensor_part that is not as it was noted; each change is told once. */
enum sensor_part integrity_check(const struct programs *programs);

#endif
