// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file-actor.h"
#include "privileges.h"

/*
 * Links live by their descriptors, counters by their mapping, and the fanotify group keeps the right that
 * it was made with. To change a map takes a capability on kernels before Linux 5.19, to mark a directory
 * that is closed to others another one.
 */
int privileges_drop(bool is_service)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct kept[2] = {};
	int cap;

	kept[1].effective = kept[1].permitted = 1U << (CAP_BPF - 32);
	if (file_actor_fd() >= 0)
		kept[0].permitted |= 1U << CAP_DAC_READ_SEARCH;
	if (is_service)
		kept[0].permitted |= 1U << CAP_KILL;
	kept[0].effective = kept[0].permitted;
	for (cap = 0; cap <= 63; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	if (syscall(SYS_capset, &header, kept))
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* Last: a change of credentials clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return 0;
}
