/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_PROC_H
#define SEALWATCH_PROC_H

#include <linux/types.h>

/* Start of a process in clock ticks since boot, proc_pid_stat(5) field 22; 0 where it is gone. */
__u64 start_of(int pid);

#endif
